// PNG files to pixels by libpng, where the build found it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "image/row_reader.h"

namespace bigtransfer::image {

/// The decoder's version; empty in a build without it.
std::string png_version();

/// Decodes a PNG of any colour type and depth to rows of RGB bytes, as sharp gives them to
/// lib/image/decode.ts, in memory for a few of its rows. Does nothing for interlaced files and
/// damaged ones, as far as the last row, and nothing at all without a decoder.
class PngReader final : public RowReader {
 public:
  /// `bytes` must outlive the reader.
  explicit PngReader(std::string_view bytes);
  ~PngReader() override;
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  /// Reads up to the pixels. False for a file that is left to others.
  bool start();
  int64_t height() const override;
  int64_t width() const override;
  int64_t channels() const override { return kRgb; }
  void keep_columns(int64_t begin, int64_t end) override;
  bool read(uint8_t* row) override;
  /// What follows the pixels is not looked at.
  bool finish() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bigtransfer::image

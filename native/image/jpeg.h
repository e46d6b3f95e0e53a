// JPEG files to pixels by libjpeg-turbo, where the build found it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "image/row_reader.h"

namespace bigtransfer::image {

/// The decoder's version; empty in a build without it.
std::string jpeg_version();

/// Decodes a whole JPEG of 8 bits, grey or colour, to rows of RGB bytes, with the accurate DCT and
/// smooth upsampling that Pillow uses. Does nothing for files that are anything else or damaged in
/// any way, and nothing at all without a decoder.
class JpegReader final : public RowReader {
 public:
  /// `bytes` must outlive the reader.
  explicit JpegReader(std::string_view bytes);
  ~JpegReader() override;
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  /// Reads up to the pixels; the sides are divided by `shrink`, 1, 2, 4 or 8, and rounded up, in
  /// the DCT's own domain. False for a file that is left to others.
  bool start(int shrink);
  int64_t height() const override;
  int64_t width() const override;
  int64_t channels() const override { return kRgb; }
  void keep_columns(int64_t begin, int64_t end) override;
  bool read(uint8_t* row) override;
  bool finish() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bigtransfer::image

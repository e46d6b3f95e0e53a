// A picture's rows, wherever they come from, and what is to become of them.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "image/encoded.h"
#include "ops/row_resizer.h"
#include "pictures/preprocess.h"

namespace bigtransfer::pictures {

/// Channels of a picture in colour.
inline constexpr int64_t kRgb = image::kRgb;

/// Rows of interleaved bytes, from a file or from memory.
class PictureRows {
 public:
  /// `picture` must outlive the rows.
  explicit PictureRows(const Picture& picture);

  /// Whether a file turned out to be one that is left to others: of one that did so at once there
  /// is nothing else to be known.
  bool failed() const { return failed_; }
  int64_t height() const { return reader_->height(); }
  int64_t width() const { return reader_->width(); }
  int64_t channels() const { return reader_->channels(); }

  /// As RowReader's.
  void keep_columns(int64_t begin, int64_t end) { reader_->keep_columns(begin, end); }
  /// Reads the next row: width() * channels() bytes.
  void read(uint8_t* row) { failed_ = failed_ || !reader_->read(row); }
  /// Reads all rows to `pixels`, [height, width, channels].
  void read_all(uint8_t* pixels);
  /// After the last row: whether all was sound.
  bool finish() { return !failed_ && reader_->finish(); }

 private:
  std::unique_ptr<image::RowReader> reader_;
  bool failed_;
};

/// The part of the resized picture that the crop leaves; nothing where the crop adds to it.
std::optional<ops::ResizeWindow> window_of(const PictureRows& rows,
                                           const PreprocessRequest& request);

/// Whether the picture is resized in whole numbers, by kernels of our own.
bool resizes_by_taps(const PictureRows& rows, const PreprocessRequest& request);

}  // namespace bigtransfer::pictures

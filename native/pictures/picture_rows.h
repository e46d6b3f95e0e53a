// A picture's rows, wherever they come from, and what is to become of them.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

#include "image/jpeg.h"
#include "ops/row_resizer.h"
#include "pictures/preprocess.h"

namespace bigtransfer::pictures {

/// Channels of a picture in colour.
inline constexpr int64_t kRgb = 3;

/// Rows of interleaved bytes, from a file or from memory.
class PictureRows {
 public:
  /// `picture` must outlive the rows.
  explicit PictureRows(const Picture& picture);

  /// Whether a file turned out to be one that is left to others.
  bool failed() const { return failed_; }
  int64_t height() const { return jpeg_ ? jpeg_->height() : pixels_.size(0); }
  int64_t width() const { return jpeg_ ? jpeg_->width() : pixels_.size(1); }
  int64_t channels() const { return jpeg_ ? kRgb : pixels_.size(2); }

  /// Before the first row: of each row only pixels `begin` to `end` are wanted, and the others need
  /// not be read.
  void keep_columns(int64_t begin, int64_t end) {
    if (jpeg_ && !failed_) jpeg_->keep_columns(begin, end);
  }
  /// Reads the next row: width() * channels() bytes.
  void read(uint8_t* row);
  /// Reads all rows to `pixels`, [height, width, channels].
  void read_all(uint8_t* pixels);
  /// After the last row: whether all was sound.
  bool finish() { return !failed_ && (!jpeg_ || jpeg_->finish()); }

 private:
  at::Tensor pixels_;
  int64_t next_ = 0;
  std::optional<image::JpegReader> jpeg_;
  bool failed_ = false;
};

/// The part of the resized picture that the crop leaves; nothing where the crop adds to it.
std::optional<ops::ResizeWindow> window_of(const PictureRows& rows,
                                           const PreprocessRequest& request);

/// Whether the picture is resized in whole numbers, by kernels of our own.
bool resizes_by_taps(const PictureRows& rows, const PreprocessRequest& request);

}  // namespace bigtransfer::pictures

// Resizes RGB pictures row by row, as they are decoded, to a window of the result.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/kernels.h"
#include "ops/resize_taps.h"

namespace bigtransfer::ops {

/// Sizes of a picture before and after, and the part of the result that is wanted.
struct ResizeWindow {
  int64_t in_height, in_width;
  int64_t out_height, out_width;
  int64_t top, left;
  int64_t height, width;
};

/// Takes interleaved RGB rows of bytes from the top and gives the bits that ATen's uint8 kernels
/// give: across first, rounded to bytes, then down. Holds no more rows than an output row needs.
class RowResizer {
 public:
  /// Bilinear or bicubic; the window lies within the result.
  RowResizer(const ResizeKernels& kernels, const ResizeWindow& window, Resample resample);
  RowResizer(const RowResizer&) = delete;
  RowResizer& operator=(const RowResizer&) = delete;

  /// The pixels of a row that the window takes from.
  int64_t first_column() const { return first_column_; }
  int64_t end_column() const { return end_column_; }
  /// Where the next input row goes: in_width pixels.
  uint8_t* line() { return line_; }
  /// Resizes the row in line() and writes the output rows that it completes to `out`, which is all
  /// of the window: [height, width, 3].
  void advance(uint8_t* out);

 private:
  uint8_t* row(int64_t index) { return rows_.data() + index % capacity_ * pitch_; }
  bool is_complete(int64_t output) const;

  ResizeKernels kernels_;
  ResizeTaps across_;
  /// Of across_, as AcrossTask has them.
  std::vector<int16_t> across_weights_;
  ResizeTaps down_;
  int64_t first_column_;
  int64_t end_column_;
  int64_t in_height_;
  int64_t row_bytes_;
  int64_t pitch_;
  int64_t capacity_;
  std::vector<uint8_t> line_memory_;
  uint8_t* line_;
  /// The last `capacity_` rows after the resize across.
  std::vector<uint8_t> rows_;
  std::vector<const uint8_t*> taken_;
  int64_t next_in_ = 0;
  int64_t next_out_ = 0;
};

}  // namespace bigtransfer::ops

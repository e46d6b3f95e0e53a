// What resize_pixels() needs to know of a batch, laid out for one copy to the device.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <vector>

#include "ops/cuda/resize_pixels.h"
#include "ops/row_resizer.h"

namespace bigtransfer::ops::cuda {

class ResizeTables {
 public:
  /// All windows are equally large; `shared_bytes` is what a block may hold. Bilinear or bicubic.
  /// Throws Error kImage for a picture that is shrunk so far that no block can hold its rows.
  ResizeTables(std::vector<ResizeWindow> windows, Resample resample, int64_t shared_bytes);

  /// Size of the tables.
  size_t bytes() const { return bytes_; }
  /// Writes the tables to `host` so that they are right once they lie at `device`, for pictures
  /// whose rows lie at `pixels` on the device. Both begin at multiples of 16.
  void write(std::byte* host, const std::byte* device,
             const std::vector<const uint8_t*>& pixels) const;

  int64_t tile_rows() const { return tile_rows_; }
  int64_t most_rows() const { return most_rows_; }
  /// The task that resizes the pictures of the tables at `device` to `y`, [pictures, channels,
  /// height, width] with any strides.
  ResizeTask task(const std::byte* device, const at::Tensor& levels, const at::Tensor& y) const;

 private:
  /// The rows of a picture that the hungriest of its tiles takes from.
  int64_t rows_of_tiles(int64_t tile_rows) const;

  std::vector<ResizeWindow> windows_;
  std::vector<ResizeTaps> across_;
  std::vector<ResizeTaps> down_;
  int64_t tile_rows_;
  int64_t most_rows_;
  size_t bytes_;
};

}  // namespace bigtransfer::ops::cuda

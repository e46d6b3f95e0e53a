// Decoded pictures of any sizes to the network's input, all in one kernel.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>

#include "ops/cuda/launch.h"

namespace bigtransfer::ops::cuda {

/// Values that a byte can have, and the channels of a picture.
inline constexpr int64_t kLevels = 256;
inline constexpr int64_t kRgb = 3;

/// One side's taps on the device; see ops/resize_taps.h.
struct DeviceTaps {
  const int32_t* first;
  const int16_t* weights;
  int32_t taps;
  int32_t shift;
};

/// Rows of interleaved RGB bytes on the device, and how they become the output's.
struct DevicePicture {
  const uint8_t* pixels;
  int64_t height;
  int64_t width;
  /// For the output's columns and rows.
  DeviceTaps across;
  DeviceTaps down;
};

/// Outputs are computed in tiles of kTileColumns by so many rows; a block holds the rows that its
/// tile takes from, resized across.
inline constexpr int64_t kTileColumns = 64;

struct ResizeTask {
  at::ScalarType type;
  /// [images], on the device.
  const DevicePicture* pictures;
  int64_t images;
  int64_t height;
  int64_t width;
  int64_t tile_rows;
  /// The most rows of a picture that any tile takes from.
  int64_t most_rows;
  /// What every byte becomes, [kRgb, kLevels], on the device.
  const float* levels;
  void* y;
  /// Elements from one image, row, column and channel to the next, and the channels, of which those
  /// beyond kRgb become zero.
  int64_t image_stride, row_stride, column_stride, channel_stride;
  int64_t channels;
};

/// The bytes that ATen's uint8 kernels give, through `levels`.
void resize_pixels(const ResizeTask& task, Stream stream);

}  // namespace bigtransfer::ops::cuda

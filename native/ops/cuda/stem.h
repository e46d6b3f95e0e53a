// What stands before the first block, beside its convolution.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>

#include "ops/cuda/launch.h"

namespace bigtransfer::ops::cuda {

/// Planes of floats to pixels of `type`.
struct InterleaveTask {
  at::ScalarType type;
  int64_t images;
  int64_t pixels;
  int64_t channels;
  /// [images, channels, pixels].
  const float* x;
  /// Channels of y, of which those beyond `channels` become zero.
  int64_t pitch;
  /// [images, pixels, pitch].
  void* y;
};

void interleave(const InterleaveTask& task, Stream stream);

/// The maximum over windows of 3x3 at stride 2, with zeros beyond the input.
struct PadMaxPoolTask {
  at::ScalarType type;
  int64_t images;
  int64_t channels;
  int64_t in_height, in_width;
  int64_t out_height, out_width;
  int64_t pad_top, pad_left;
  /// Channels-last, both.
  const void* x;
  void* y;
};

void pad_max_pool(const PadMaxPoolTask& task, Stream stream);

}  // namespace bigtransfer::ops::cuda

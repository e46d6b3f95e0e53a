// A product of matrices whose left side is normalised and activated as it is read.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>

#include "ops/cuda/launch.h"

namespace bigtransfer::ops::cuda {

/// y = relu(x * scale + shift) · weightᵀ + added, image by image: a norm, its ReLU and a
/// convolution of 1x1, none of whose maps is written but the last. All of `type`, float16 or
/// bfloat16, added up in float.
struct NormProductTask {
  at::ScalarType type;
  int64_t images;
  int64_t pixels;
  int64_t in_channels;
  int64_t out_channels;
  /// [images, pixels, in_channels].
  const void* x;
  /// [images, 2, in_channels]: scale and shift.
  const float* affine;
  /// [out_channels, in_channels].
  const void* weight;
  /// [images, pixels, out_channels]; null for nothing, and may be y.
  const void* added;
  /// [images, pixels, out_channels].
  void* y;
  /// Of y, as PartsTask's; null for none.
  float* parts;
};

/// Whether there is a kernel: both numbers of channels are multiples of a pack.
bool has_norm_product(at::ScalarType type, int64_t in_channels, int64_t out_channels);

void norm_product(const NormProductTask& task, Stream stream);

}  // namespace bigtransfer::ops::cuda

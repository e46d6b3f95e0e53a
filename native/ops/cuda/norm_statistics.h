// What a norm does to each channel of an image, from sums over parts of it.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>

#include "ops/cuda/launch.h"

namespace bigtransfer::ops::cuda {

/// Pixels of each part of an image but the last.
inline constexpr int64_t kPartPixels = 128;

constexpr int64_t parts_of(int64_t pixels) { return (pixels + kPartPixels - 1) / kPartPixels; }

/// [images, parts, 2, channels]: sums and sums of squares. In float32 a large mean would cost
/// digits; for values of 8 or 11 bits they are exact enough.
constexpr int64_t part_floats(int64_t images, int64_t pixels, int64_t channels) {
  return images * parts_of(pixels) * 2 * channels;
}

/// Sums over a batch's images, [images, pixels, channels] of `type`.
struct PartsTask {
  at::ScalarType type;
  int64_t images;
  int64_t pixels;
  int64_t channels;
  const void* x;
  float* parts;
};

void sum_parts(const PartsTask& task, Stream stream);

/// The scale and shift that a group norm comes to, from the sums.
struct AffineTask {
  int64_t images;
  int64_t pixels;
  int64_t channels;
  int64_t groups;
  const float* parts;
  /// Both [channels].
  const float* weight;
  const float* bias;
  float epsilon;
  /// [images, 2, channels]: scale and shift.
  float* affine;
};

void norm_affine(const AffineTask& task, Stream stream);

}  // namespace bigtransfer::ops::cuda

// What brings weights into the forms that convolutions read: both compute in double.
#include <algorithm>
#include <array>

#include "ops/cpu/kernel_sets.h"
#include "ops/cpu/vec.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {
namespace {

/// Kernels that are transformed together at most: a panel's.
constexpr int64_t kMostTogether = 2 * kLanes;
constexpr int64_t kSide = 3;

void standardize(const float* values, int64_t count, float scale, float shift, float* to) {
  const double factor = scale;
  const double summand = shift;
  for (int64_t i = 0; i < count; ++i)
    to[i] = static_cast<float>(static_cast<double>(values[i]) * factor + summand);
}

void transform(const double* generator, int64_t side, int64_t lanes, const float* kernels,
               float* to) {
  // One row of G k, [3][lanes].
  std::array<double, kSide * kMostTogether> half;
  const int64_t row = kSide * lanes;
  for (const double* y = generator; y < generator + side * kSide; y += kSide) {
    for (int64_t i = 0; i < row; ++i) {
      half[static_cast<size_t>(i)] = y[0] * static_cast<double>(kernels[i]) +
                                     y[1] * static_cast<double>(kernels[row + i]) +
                                     y[2] * static_cast<double>(kernels[2 * row + i]);
    }
    for (const double* x = generator; x < generator + side * kSide; x += kSide, to += lanes) {
      const double* h = half.data();
      for (int64_t o = 0; o < lanes; ++o)
        to[o] = static_cast<float>(x[0] * h[o] + x[1] * h[lanes + o] + x[2] * h[2 * lanes + o]);
    }
  }
}

}  // namespace

PackingKernels packing_kernels() { return {.standardize = standardize, .transform = transform}; }

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

// What brings weights into the forms that convolutions read: and what leads back from them.
#include <algorithm>
#include <array>

#include "ops/cpu/kernel_sets.h"
#include "ops/cpu/vec.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {
namespace {

/// Kernels that are transformed together at most: a panel's.
constexpr int64_t kMostTogether = 2 * kLanes;
constexpr int64_t kSide = 3;
/// Floats that are added up before their sum joins others in double.
constexpr int64_t kMostSummed = 16 * kLanes;

void standardize(const float* values, int64_t count, float scale, float shift, float* to) {
  const double factor = scale;
  const double summand = shift;
  for (int64_t i = 0; i < count; ++i)
    to[i] = static_cast<float>(static_cast<double>(values[i]) * factor + summand);
}

/// Of one channel: its mean and its variance depend on all of its values.
void standardize_gradient(const float* values, int64_t count, float scale, float shift,
                          const float* gradient, float* to) {
  const auto standardised = [&](int64_t i) { return load(values + i) * scale + shift; };
  double sum = 0;
  double product = 0;
  const int64_t whole = count / kLanes * kLanes;
  for (int64_t begin = 0; begin < whole; begin += kMostSummed) {
    const int64_t end = std::min(begin + kMostSummed, whole);
    Vec sums{};
    Vec products{};
    for (int64_t i = begin; i < end; i += kLanes) {
      sums += load(gradient + i);
      products += load(gradient + i) * standardised(i);
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      sum += static_cast<double>(sums[lane]);
      product += static_cast<double>(products[lane]);
    }
  }
  for (int64_t i = whole; i < count; ++i) {
    sum += static_cast<double>(gradient[i]);
    product += static_cast<double>(gradient[i] * (values[i] * scale + shift));
  }
  const auto mean = static_cast<float>(sum / static_cast<double>(count));
  const auto slope = static_cast<float>(product / static_cast<double>(count));
  for (int64_t i = 0; i < whole; i += kLanes)
    store(to + i, scale * (load(gradient + i) - mean - standardised(i) * slope));
  for (int64_t i = whole; i < count; ++i)
    to[i] = scale * (gradient[i] - mean - (values[i] * scale + shift) * slope);
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

PackingKernels packing_kernels() {
  return {.standardize = standardize,
          .standardize_gradient = standardize_gradient,
          .transform = transform};
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

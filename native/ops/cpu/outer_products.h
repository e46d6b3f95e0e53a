// Sums of outer products, which gradients of weights are made of.
#pragma once

#include <cstdint>

#include "ops/cpu/matrix_tile.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// Output channels whose products with a panel of input channels stay in registers.
inline constexpr int kGradientRows = kLanes == 16 ? 8 : 4;

/// Words that follow one another both in the gradient, [word][kGradientRows], and in the input,
/// [word][kPanel].
struct Run {
  int64_t gradient;
  int64_t input;
  int64_t count;
};

/// out[r * pitch + lane] (+)= the sum over the runs' words of gradient[word][r] *
/// input[word][lane].
template <typename Element, typename Runs>
inline void outer_products(const Runs& runs, const float* gradient, const float* input, float* out,
                           int64_t pitch, bool adds) {
  // They come from far while the products are made.
  for (int r = 0; r < kGradientRows; ++r) {
    for (int v = 0; v < kVectors; ++v)
      __builtin_prefetch(out + r * pitch + v * kLanes, /*for writing=*/1);
  }
  Accumulators<kGradientRows> acc;
  for (const Run& run : runs) {
    const float* from = gradient + run.gradient * kGradientRows;
    const float* weights = input + run.input * kPanel;
#pragma GCC unroll 2
    for (int64_t k = 0; k < run.count; ++k) {
      typename Element::Weights w[kVectors];
      for (int v = 0; v < kVectors; ++v) w[v] = Element::weights(weights + v * kLanes);
      for (int r = 0; r < kGradientRows; ++r) {
        const auto x = Element::factor(reinterpret_cast<const typename Element::Value*>(from + r));
        for (int v = 0; v < kVectors; ++v)
          acc.of[r][v] = Element::multiply_add(acc.of[r][v], x, w[v]);
      }
      from += kGradientRows;
      weights += kPanel;
    }
  }
  if (adds) acc.add([&](int r, int v) { return load(out + r * pitch + v * kLanes); });
  for (int r = 0; r < kGradientRows; ++r) {
    for (int v = 0; v < kVectors; ++v) store(out + r * pitch + v * kLanes, acc.of[r][v]);
  }
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

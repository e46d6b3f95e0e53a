// The inner loop of every convolution: a few output pixels times one panel of channels in
// registers. What is multiplied is the template parameter Element of these headers, one for each
// type of numbers (Float32 in float32_kernels.cpp says what it must have). Its values stand in
// words of 32 bits, so that a panel's weights for one step of a product take kPanel words.
#pragma once

#include <algorithm>
#include <utility>

#include "ops/cpu/vec.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// Vectors of a panel, and the most pixels that fit the registers beside its accumulators: 12 of 16
/// registers, or 16 of 32.
inline constexpr int kVectors = 2;
inline constexpr int kPanel = kVectors * kLanes;
inline constexpr int kRows = kLanes == 16 ? 8 : 6;

/// Input that lies together, at the same offset in values from every pixel's base, and the offset
/// in words of the weights that belong to it from a panel's first ones.
struct Segment {
  int64_t offset;
  int64_t words;
  int64_t weights;
};

/// Sums over the output that a panel has made so far.
struct PanelSums {
  Vec sum[kVectors];
  Vec square[kVectors];
};

/// Adds what a panel has summed to the sums of a task, [2][pitch].
inline void add_sums(double* sums, int64_t pitch, int64_t panel, const PanelSums& more) {
  for (int v = 0; v < kVectors; ++v) {
    double* to = sums + panel * kPanel + v * kLanes;
    accumulate(to, more.sum[v]);
    accumulate(to + pitch, more.square[v]);
  }
}

/// out[r] (+)= sum over segments of rows[r][offset + k] * weights[k], r < count <= kRows.
template <typename Element>
struct Tile {
  const typename Element::Value* const* rows;
  const Segment* segments;
  int segment_count;
  /// Segments are added up one after the other until they have so many words; then their sum joins
  /// those of others: see Element::kChain.
  int64_t chain;
  /// The panel's.
  const float* weights;
  /// Pixel r's channels are at out + r * pitch.
  float* out;
  int64_t pitch;
  /// What the product is added to, laid out as `out`; null for nothing.
  const float* addend;
};

/// Of some pixels.
template <int Rows>
struct Accumulators {
  Vec of[Rows][kVectors] = {};

  /// Adds more(pixel, vector) to each.
  template <typename More>
  void add(const More& more) {
    for (int r = 0; r < Rows; ++r) {
      for (int v = 0; v < kVectors; ++v) of[r][v] += more(r, v);
    }
  }
};

/// The sum of one chain of segments from `next`, which it leaves after them. Inlined, or the
/// accumulators would not stay in registers.
template <int Rows, typename Element>
[[gnu::always_inline]] inline Accumulators<Rows> chain_sum(const Tile<Element>& tile, int& next) {
  Accumulators<Rows> acc;
  for (int64_t chained = 0; next < tile.segment_count && chained < tile.chain; ++next) {
    const Segment segment = tile.segments[next];
    chained += segment.words;
    const float* weights = tile.weights + segment.weights;
    const typename Element::Value* rows[Rows];
    for (int r = 0; r < Rows; ++r) rows[r] = tile.rows[r] + segment.offset;
#pragma GCC unroll 4
    for (int64_t k = 0; k < segment.words; ++k) {
      typename Element::Weights w[kVectors];
      for (int v = 0; v < kVectors; ++v) w[v] = Element::weights(weights + v * kLanes);
      weights += kPanel;
      for (int r = 0; r < Rows; ++r) {
        const typename Element::Factor x = Element::factor(rows[r] + k * Element::kPack);
        for (int v = 0; v < kVectors; ++v)
          acc.of[r][v] = Element::multiply_add(acc.of[r][v], x, w[v]);
      }
    }
  }
  return acc;
}

template <int Rows, typename Element>
inline void multiply(const Tile<Element>& tile, PanelSums* sums) {
  int next = 0;
  Accumulators<Rows> total = chain_sum<Rows>(tile, next);
  while (next < tile.segment_count) {
    const Accumulators<Rows> more = chain_sum<Rows>(tile, next);
    total.add([&](int r, int v) { return more.of[r][v]; });
  }
  if (tile.addend)
    total.add([&](int r, int v) { return load(tile.addend + r * tile.pitch + v * kLanes); });
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      store(tile.out + r * tile.pitch + v * kLanes, total.of[r][v]);
      if (sums) {
        sums->sum[v] += total.of[r][v];
        sums->square[v] += total.of[r][v] * total.of[r][v];
      }
    }
  }
}

/// multiply() for a number of rows that is known only now.
template <typename Element>
inline void multiply(int rows, const Tile<Element>& tile, PanelSums* sums) {
  [&]<int... I>(std::integer_sequence<int, I...>) {
    ((rows == I + 1 ? multiply<I + 1>(tile, sums) : void()), ...);
  }
  (std::make_integer_sequence<int, kRows>{});
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

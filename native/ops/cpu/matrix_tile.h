// The inner loop of every convolution: a few output pixels times one panel of channels in
// registers.
#pragma once

#include <algorithm>
#include <utility>

#include "ops/cpu/element.h"
#include "ops/cpu/vec.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// Vectors of a panel, and the most pixels that fit the registers beside its accumulators: 12 of 16
/// registers, or 16 of 32.
inline constexpr int kVectors = 2;
inline constexpr int kPanel = kVectors * kLanes;
inline constexpr int kRows = kLanes == 16 ? 8 : 6;

/// Input that lies together, at the same offset in values from every pixel's base.
struct Segment {
  int64_t offset;
  int64_t words;
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
  /// [sum of words][kPanel] words.
  const float* weights;
  /// Pixel r's channels are at out + r * pitch; so are those of the residual.
  float* out;
  const float* residual;
  int64_t pitch;
  /// Whether out starts at zero.
  bool first;
};

template <int Rows, typename Element>
inline void multiply(const Tile<Element>& tile, PanelSums* sums) {
  Vec acc[Rows][kVectors];
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < kVectors; ++v)
      acc[r][v] = tile.first ? Vec{} : load(tile.out + r * tile.pitch + v * kLanes);
  }
  const float* weights = tile.weights;
  for (int s = 0; s < tile.segment_count; ++s) {
    const Segment segment = tile.segments[s];
    const typename Element::Value* rows[Rows];
    for (int r = 0; r < Rows; ++r) rows[r] = tile.rows[r] + segment.offset;
#pragma GCC unroll 4
    for (int64_t k = 0; k < segment.words; ++k) {
      typename Element::Weights w[kVectors];
      for (int v = 0; v < kVectors; ++v) w[v] = Element::weights(weights + v * kLanes);
      weights += kPanel;
      for (int r = 0; r < Rows; ++r) {
        const typename Element::Factor x = Element::factor(rows[r] + k * Element::kPack);
        for (int v = 0; v < kVectors; ++v) acc[r][v] = Element::multiply_add(acc[r][v], x, w[v]);
      }
    }
  }
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      const int64_t at = r * tile.pitch + v * kLanes;
      if (tile.residual) acc[r][v] += load(tile.residual + at);
      store(tile.out + at, acc[r][v]);
      if (sums) {
        sums->sum[v] += acc[r][v];
        sums->square[v] += acc[r][v] * acc[r][v];
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

/// Where the next part of begin..end ends, when that is cut into as few parts of at most `most` as
/// possible, all nearly alike: a short last part would take nearly as long as a full one.
inline int64_t part_end(int64_t begin, int64_t end, int64_t most) {
  const int64_t parts = (end - begin + most - 1) / most;
  return begin + (end - begin + parts - 1) / parts;
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

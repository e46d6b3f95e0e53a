// The inner loop of every convolution: a few output pixels times one panel of channels in
// registers.
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

/// Input values that lie together, at the same offset from every pixel's base.
struct Segment {
  int64_t offset;
  int64_t length;
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
struct Tile {
  const float* const* rows;
  const Segment* segments;
  int segment_count;
  /// [sum of lengths][kPanel].
  const float* weights;
  /// Pixel r's channels are at out + r * pitch; so are those of the residual.
  float* out;
  const float* residual;
  int64_t pitch;
  /// Whether out starts at zero.
  bool first;
};

template <int Rows>
inline void multiply(const Tile& tile, PanelSums* sums) {
  Vec acc[Rows][kVectors];
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < kVectors; ++v)
      acc[r][v] = tile.first ? Vec{} : load(tile.out + r * tile.pitch + v * kLanes);
  }
  const float* weights = tile.weights;
  for (int s = 0; s < tile.segment_count; ++s) {
    const Segment segment = tile.segments[s];
    const float* rows[Rows];
    for (int r = 0; r < Rows; ++r) rows[r] = tile.rows[r] + segment.offset;
#pragma GCC unroll 4
    for (int64_t k = 0; k < segment.length; ++k) {
      Vec w[kVectors];
      for (int v = 0; v < kVectors; ++v) w[v] = load(weights + v * kLanes);
      weights += kPanel;
      for (int r = 0; r < Rows; ++r) {
        for (int v = 0; v < kVectors; ++v) acc[r][v] += rows[r][k] * w[v];
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
inline void multiply(int rows, const Tile& tile, PanelSums* sums) {
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

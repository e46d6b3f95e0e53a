// What one block does in a norm: its share of the channels, and sums over them.
#pragma once

#include "ops/cuda/group_norm_kernels.h"
#include "ops/cuda/pack.h"

namespace bigtransfer::ops::cuda {

/// The channels of a block and the thread's place among them: every thread keeps to one pack of
/// channels and goes through the pixels in steps of `rows`.
template <int kWidth>
struct NormBlock {
  __device__ NormBlock(int64_t tile_index, int64_t tile, int64_t all_channels)
      : first(tile_index * tile),
        channels(static_cast<int>(tile < all_channels - first ? tile : all_channels - first)),
        columns(channels / kWidth),
        rows(kNormThreads / columns),
        row(static_cast<int>(threadIdx.x) / columns),
        channel(static_cast<int>(threadIdx.x) % columns * kWidth) {}

  /// Threads beyond the last whole row have nothing to do.
  __device__ bool is_active() const { return row < rows; }

  int64_t first;
  int channels;
  int columns;
  int rows;
  int row;
  /// The thread's first one, counted from `first`.
  int channel;
};

/// Floats of shared memory for `sums_by_channel`, beside its result.
inline constexpr int64_t kReductionFloats = int64_t{kNormThreads};

/// totals[c] = the sum over all threads of what they have for channel c of the block. `memory` has
/// kReductionFloats * kWidth floats. Ends with all threads seeing the totals.
template <int kWidth>
__device__ void sums_by_channel(const NormBlock<kWidth>& block, const float (&mine)[kWidth],
                                float* memory, float* totals) {
  __syncthreads();
  if (block.is_active()) {
    for (int i = 0; i < kWidth; ++i)
      memory[block.row * block.channels + block.channel + i] = mine[i];
  }
  __syncthreads();
  for (int c = static_cast<int>(threadIdx.x); c < block.channels; c += kNormThreads) {
    float total = 0.0f;
    for (int row = 0; row < block.rows; ++row) total += memory[row * block.channels + c];
    totals[c] = total;
  }
  __syncthreads();
}

/// Adds up values[0..channels) within groups of `size` neighbours: the first of each group has its
/// sum afterwards. Ends with all threads seeing it.
__device__ inline void sums_by_group(float* values, int channels, int size) {
  int half = 1;
  while (2 * half < size) half *= 2;
  for (; half > 0 && size > 1; half /= 2) {
    for (int c = static_cast<int>(threadIdx.x); c < channels; c += kNormThreads) {
      const int place = c % size;
      if (place < half && place + half < size) values[c] += values[c + half];
    }
    __syncthreads();
  }
}

}  // namespace bigtransfer::ops::cuda

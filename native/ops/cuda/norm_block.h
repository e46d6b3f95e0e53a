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

/// Packs that a thread has on their way at once.
inline constexpr int kInFlight = 4;

/// Calls body(place, pack) for a thread's pixels from `begin` to `end`, whose packs load(place)
/// reads, several at once; `base` is the place of the image's first pixel.
template <int kAtOnce = kInFlight, typename Load, typename Body>
__device__ void for_pixels(int64_t begin, int64_t end, int64_t step, int64_t base, int64_t pitch,
                           const Load& load, const Body& body) {
  using Loaded = decltype(load(base));
  for (int64_t first = begin; first < end; first += kAtOnce * step) {
    Loaded packs[kAtOnce] = {};
    for (int i = 0; i < kAtOnce; ++i) {
      const int64_t p = first + i * step;
      if (p < end) packs[i] = load(base + p * pitch);
    }
    for (int i = 0; i < kAtOnce; ++i) {
      const int64_t p = first + i * step;
      if (p < end) body(base + p * pitch, packs[i]);
    }
  }
}

/// Writes the sums of a block's channels over all threads, and those of squares `pitch` further on;
/// `memory` and `totals` as for sums_by_channel().
template <int kWidth>
__device__ void write_sums(const NormBlock<kWidth>& block, const float (&sums)[kWidth],
                           const float (&squares)[kWidth], float* memory, float* totals, float* to,
                           int64_t pitch) {
  sums_by_channel(block, sums, memory, totals);
  for (int c = static_cast<int>(threadIdx.x); c < block.channels; c += kNormThreads)
    to[c] = totals[c];
  sums_by_channel(block, squares, memory, totals);
  for (int c = static_cast<int>(threadIdx.x); c < block.channels; c += kNormThreads)
    to[pitch + c] = totals[c];
}

/// The sum of two packs, rounded to their type.
template <typename T, int kWidth>
__device__ Pack<T, kWidth> added(const Pack<T, kWidth>& a, const Pack<T, kWidth>& b) {
  Pack<T, kWidth> sum;
  for (int i = 0; i < kWidth; ++i)
    sum.values[i] =
        static_cast<T>(static_cast<float>(a.values[i]) + static_cast<float>(b.values[i]));
  return sum;
}

/// x * scale + shift, and its ReLU where that is asked for.
template <typename Y, typename T, int kWidth>
__device__ Pack<Y, kWidth> normed(const Pack<T, kWidth>& x, const float (&scale)[kWidth],
                                  const float (&shift)[kWidth], bool relu) {
  Pack<Y, kWidth> y;
  for (int i = 0; i < kWidth; ++i) {
    float value = static_cast<float>(x.values[i]) * scale[i] + shift[i];
    if (relu && value < 0.0f) value = 0.0f;
    y.values[i] = static_cast<Y>(value);
  }
  return y;
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

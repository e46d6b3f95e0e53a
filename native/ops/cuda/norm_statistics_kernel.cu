// Sums by parts, and parts to scale and shift: variances are put together part by part, channel by
// channel, so that none is the difference of two large numbers of a whole image.
#include <algorithm>

#include "ops/cuda/norm_block.h"
#include "ops/cuda/norm_statistics.h"

namespace bigtransfer::ops::cuda {
namespace {

/// blockIdx.x counts the parts, y the tiles of channels, z the images.
template <typename T, int kWidth>
__global__ void sum_one_part(PartsTask task, int64_t tile) {
  const NormBlock<kWidth> block(blockIdx.y, tile, task.channels);
  auto* memory = reinterpret_cast<float*>(shared_memory());
  float* totals = memory + kReductionFloats * kWidth;
  const T* x = static_cast<const T*>(task.x) + blockIdx.z * task.pixels * task.channels +
               block.first + block.channel;
  const int64_t begin = blockIdx.x * kPartPixels;
  const int64_t end = begin + kPartPixels < task.pixels ? begin + kPartPixels : task.pixels;
  float sums[kWidth] = {};
  float squares[kWidth] = {};
  if (block.is_active()) {
    for_pixels(
        begin + block.row, end, block.rows, 0, task.channels,
        [&](int64_t at) { return load_pack<T, kWidth>(x + at); },
        [&](int64_t, const Pack<T, kWidth>& pack) {
          for (int i = 0; i < kWidth; ++i) {
            const float value = static_cast<float>(pack.values[i]);
            sums[i] += value;
            squares[i] += value * value;
          }
        });
  }
  float* parts =
      task.parts + (blockIdx.z * gridDim.x + blockIdx.x) * 2 * task.channels + block.first;
  write_sums(block, sums, squares, memory, totals, parts, task.channels);
}

/// A channel over the whole image.
struct Moments {
  float mean;
  /// The sum of squared distances from it.
  float squares;
};

__device__ Moments moments_of(const AffineTask& task, int64_t image, int64_t channel) {
  const int64_t count = (task.pixels + kPartPixels - 1) / kPartPixels;
  const float* parts = task.parts + image * count * 2 * task.channels + channel;
  float total = 0.0f;
  for (int64_t part = 0; part < count; ++part) total += parts[part * 2 * task.channels];
  Moments all{.mean = total / static_cast<float>(task.pixels), .squares = 0.0f};
  for (int64_t part = 0; part < count; ++part) {
    const int64_t left = task.pixels - part * kPartPixels;
    const float pixels = static_cast<float>(left < kPartPixels ? left : kPartPixels);
    const float sum = parts[part * 2 * task.channels];
    const float own = parts[(part * 2 + 1) * task.channels] - sum * sum / pixels;
    const float distance = sum / pixels - all.mean;
    // Rounding may leave less than nothing where all values are equal.
    all.squares += (own > 0.0f ? own : 0.0f) + pixels * distance * distance;
  }
  return all;
}

/// `tile` channels, which are whole groups: blockIdx.x counts the tiles, y the images.
__global__ void affine_of_parts(AffineTask task, int64_t tile) {
  const int64_t begin = blockIdx.x * tile;
  const int channels =
      static_cast<int>(tile < task.channels - begin ? tile : task.channels - begin);
  const int size = static_cast<int>(task.channels / task.groups);
  auto* means = reinterpret_cast<float*>(shared_memory());
  float* group = means + tile;
  float* squares = group + tile;
  const int first = static_cast<int>(threadIdx.x);
  for (int c = first; c < channels; c += kNormThreads) {
    const Moments moments = moments_of(task, blockIdx.y, begin + c);
    means[c] = moments.mean;
    group[c] = moments.mean;
    squares[c] = moments.squares;
  }
  __syncthreads();
  sums_by_group(group, channels, size);
  const float pixels = static_cast<float>(task.pixels);
  for (int c = first; c < channels; c += kNormThreads) {
    const float distance = means[c] - group[c - c % size] / static_cast<float>(size);
    squares[c] += pixels * distance * distance;
  }
  __syncthreads();
  sums_by_group(squares, channels, size);
  float* affine = task.affine + blockIdx.y * 2 * task.channels + begin;
  for (int c = first; c < channels; c += kNormThreads) {
    const int start = c - c % size;
    const float mean = group[start] / static_cast<float>(size);
    const float variance = squares[start] / (pixels * static_cast<float>(size));
    const float scale = task.weight[begin + c] * rsqrtf(variance + task.epsilon);
    affine[c] = scale;
    affine[task.channels + c] = task.bias[begin + c] - mean * scale;
  }
}

size_t float_bytes(int64_t count) { return static_cast<size_t>(count) * sizeof(float); }

}  // namespace

void sum_parts(const PartsTask& task, Stream stream) {
  for_element(task.type, task.channels, [&](auto element, auto width) {
    const int64_t tile = std::min<int64_t>(task.channels, kNormThreads * width);
    const int64_t tiles = (task.channels + tile - 1) / tile;
    launch(sum_one_part<decltype(element), width>, {parts_of(task.pixels), tiles, task.images},
           kNormThreads, float_bytes(kReductionFloats * width + tile), stream, task, tile);
  });
}

void norm_affine(const AffineTask& task, Stream stream) {
  const int64_t size = task.channels / task.groups;
  const int64_t tile = std::max<int64_t>(kNormThreads / size, 1) * size;
  launch(affine_of_parts, {(task.channels + tile - 1) / tile, task.images}, kNormThreads,
         float_bytes(3 * tile), stream, task, tile);
}

}  // namespace bigtransfer::ops::cuda

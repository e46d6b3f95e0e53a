// The way back through norms of images that are too large for the chip: sums by parts, then what
// they come to for each group, then the gradient.
#include <algorithm>

#include "ops/cuda/norm_gradient_block.h"
#include "ops/cuda/norm_gradient_kernels.h"

namespace bigtransfer::ops::cuda {
namespace {

struct PassesTask {
  NormGradientTask norm;
  NormGradientScratch scratch;
  int64_t tile;
  int64_t chunks;
};

/// Pairs of packs that a thread has on their way at once: with more, two blocks' registers would
/// not fit on a multiprocessor.
constexpr int kPairsInFlight = kInFlight / 2;

/// Of a pixel.
template <typename T, int kWidth>
struct Loaded {
  Pack<T, kWidth> x;
  Pack<T, kWidth> gradient;
};

/// Calls body(place, loaded) for the thread's pixels of its block's part: blockIdx.x counts the
/// parts, y the tiles of channels, z the images.
template <typename T, int kWidth, typename Body>
__device__ void for_part(const PassesTask& task, const NormBlock<kWidth>& block, const Body& body) {
  const NormGradientTask& norm = task.norm;
  const int64_t base = blockIdx.z * norm.pixels * norm.channels + block.first + block.channel;
  const T* x = static_cast<const T*>(norm.x);
  const T* gradient = static_cast<const T*>(norm.gradient);
  for_pixels<kPairsInFlight>(
      norm.pixels * blockIdx.x / task.chunks + block.row,
      norm.pixels * (blockIdx.x + 1) / task.chunks, block.rows, base, norm.channels,
      [&](int64_t at) {
        return Loaded<T, kWidth>{load_pack<T, kWidth>(x + at), load_pack<T, kWidth>(gradient + at)};
      },
      body);
}

template <typename T, int kWidth>
__global__ void gradient_parts(PassesTask task) {
  const int64_t channels = task.norm.channels;
  const NormBlock<kWidth> block(blockIdx.y, task.tile, channels);
  auto* memory = reinterpret_cast<float*>(shared_memory());
  float* totals = memory + kReductionFloats * kWidth;
  ThreadSums<kWidth> sums;
  if (block.is_active()) {
    const ThreadNorm<kWidth> norm(task.norm, blockIdx.z, block.first + block.channel);
    for_part<T>(task, block,
                [&](int64_t, const Loaded<T, kWidth>& at) { sums.add(norm, at.x, at.gradient); });
  }
  float* parts =
      task.scratch.parts + (blockIdx.z * task.chunks + blockIdx.x) * 2 * channels + block.first;
  write_sums(block, sums.gradients, sums.products, memory, totals, parts, channels);
}

/// One of the two sums of a channel over its image's parts, which is kept.
__device__ float sum_of_parts(const PassesTask& task, int64_t image, int which, int64_t channel) {
  const int64_t channels = task.norm.channels;
  float total = 0.0f;
  for (int64_t chunk = 0; chunk < task.chunks; ++chunk)
    total += task.scratch.parts[((image * task.chunks + chunk) * 2 + which) * channels + channel];
  task.scratch.sums[(image * 2 + which) * channels + channel] = total;
  return total;
}

/// The means of `tile` channels, which are whole groups: blockIdx.x counts the tiles, y the images.
__global__ void gradient_means(PassesTask task, int64_t tile) {
  const NormGradientTask& norm = task.norm;
  const int64_t begin = blockIdx.x * tile;
  const int channels =
      static_cast<int>(tile < norm.channels - begin ? tile : norm.channels - begin);
  const int size = static_cast<int>(norm.channels / norm.groups);
  const float count = static_cast<float>(norm.pixels * size);
  auto* weighted = reinterpret_cast<float*>(shared_memory());
  for (int which = 0; which < 2; ++which) {
    for (int c = static_cast<int>(threadIdx.x); c < channels; c += kNormThreads)
      weighted[c] = norm.weight[begin + c] * sum_of_parts(task, blockIdx.y, which, begin + c);
    __syncthreads();
    sums_by_group(weighted, channels, size);
    for (int c = static_cast<int>(threadIdx.x); c < channels; c += kNormThreads) {
      if (c % size == 0) {
        const int64_t group = blockIdx.y * norm.groups + (begin + c) / size;
        task.scratch.means[group * 2 + which] = weighted[c] / count;
      }
    }
    __syncthreads();
  }
}

template <typename T, int kWidth>
__global__ void gradient_apply(PassesTask task) {
  const NormBlock<kWidth> block(blockIdx.y, task.tile, task.norm.channels);
  if (!block.is_active()) return;
  const ThreadNorm<kWidth> norm(task.norm, blockIdx.z, block.first + block.channel);
  const int64_t size = task.norm.channels / task.norm.groups;
  ThreadMeans<kWidth> means;
  for (int i = 0; i < kWidth; ++i) {
    const int64_t group = blockIdx.z * task.norm.groups + (block.first + block.channel + i) / size;
    means.gradients[i] = task.scratch.means[group * 2];
    means.products[i] = task.scratch.means[group * 2 + 1];
  }
  T* to = static_cast<T*>(task.norm.x_gradient);
  for_part<T>(task, block, [&](int64_t at, const Loaded<T, kWidth>& loaded) {
    write_pack(to + at, gradient_of_x(norm, means, loaded.x, loaded.gradient));
  });
}

}  // namespace

void gradient_in_passes(const NormGradientTask& task, const NormPlan& plan,
                        const NormGradientScratch& scratch, Stream stream) {
  for_element(task.type, task.channels, [&](auto element, auto width) {
    using T = decltype(element);
    const PassesTask passes{task, scratch, plan.tile, plan.chunks};
    const auto floats = [](int64_t count) { return static_cast<size_t>(count) * sizeof(float); };
    const Grid parts{plan.chunks, (task.channels + plan.tile - 1) / plan.tile, task.images};
    launch(gradient_parts<T, width>, parts, kNormThreads,
           floats(kReductionFloats * width + plan.tile), stream, passes);
    const int64_t size = task.channels / task.groups;
    const int64_t groups = std::max<int64_t>(kNormThreads / size, 1) * size;
    launch(gradient_means, {(task.channels + groups - 1) / groups, task.images}, kNormThreads,
           floats(groups), stream, passes, groups);
    launch(gradient_apply<T, width>, parts, kNormThreads, 0, stream, passes);
  });
}

}  // namespace bigtransfer::ops::cuda

// The way back through norms of slabs that fit on the chip: x and the gradient are read once.
#include "ops/cuda/norm_gradient_block.h"
#include "ops/cuda/norm_gradient_kernels.h"

namespace bigtransfer::ops::cuda {
namespace {

/// A block's shared memory.
template <typename T, int kWidth>
struct SlabMemory {
  __device__ SlabMemory(int64_t pixels, int64_t tile)
      : reduction(reinterpret_cast<float*>(shared_memory())),
        gradients(reduction + kReductionFloats * kWidth),
        products(gradients + round_up(tile, kTotalsMultiple)),
        x(reinterpret_cast<T*>(products + round_up(tile, kTotalsMultiple))),
        gradient(x + pixels * tile) {}

  float* reduction;
  /// Totals by channel.
  float* gradients;
  float* products;
  /// [pixels, channels of the block] each.
  T* x;
  T* gradient;
};

/// Reads the thread's pixels, all on their way at once, and adds them up.
template <typename T, int kWidth>
__device__ void read_slabs(const NormGradientTask& task, const NormBlock<kWidth>& block,
                           const ThreadNorm<kWidth>& norm, const SlabMemory<T, kWidth>& memory,
                           ThreadSums<kWidth>& sums) {
  const int64_t base = blockIdx.y * task.pixels * task.channels + block.first + block.channel;
  const T* x = static_cast<const T*>(task.x) + base;
  const T* gradient = static_cast<const T*>(task.gradient) + base;
  for (int64_t p = block.row; p < task.pixels; p += block.rows) {
    const int64_t place = p * block.channels + block.channel;
    start_copy<T, kWidth>(memory.x + place, x + p * task.channels);
    start_copy<T, kWidth>(memory.gradient + place, gradient + p * task.channels);
  }
  wait_for_copies();
  for (int64_t p = block.row; p < task.pixels; p += block.rows) {
    const int64_t place = p * block.channels + block.channel;
    sums.add(norm, load_pack<T, kWidth>(memory.x + place),
             load_pack<T, kWidth>(memory.gradient + place));
  }
}

/// Keeps the channels' totals, and leaves with each group's first those of its group with the
/// norm's weight.
template <int kWidth>
__device__ void add_up_groups(const NormGradientTask& task, const NormBlock<kWidth>& block,
                              float* totals, float* kept) {
  for (int c = static_cast<int>(threadIdx.x); c < block.channels; c += kNormThreads) {
    kept[block.first + c] = totals[c];
    totals[c] *= task.weight[block.first + c];
  }
  __syncthreads();
  sums_by_group(totals, block.channels, static_cast<int>(task.channels / task.groups));
}

template <typename T, int kWidth>
__device__ void write_slab(const NormGradientTask& task, const NormBlock<kWidth>& block,
                           const ThreadNorm<kWidth>& norm, const SlabMemory<T, kWidth>& memory) {
  const int size = static_cast<int>(task.channels / task.groups);
  const float count = static_cast<float>(task.pixels * size);
  ThreadMeans<kWidth> means;
  for (int i = 0; i < kWidth; ++i) {
    const int c = block.channel + i;
    means.gradients[i] = memory.gradients[c - c % size] / count;
    means.products[i] = memory.products[c - c % size] / count;
  }
  T* to = static_cast<T*>(task.x_gradient) + blockIdx.y * task.pixels * task.channels +
          block.first + block.channel;
  for (int64_t p = block.row; p < task.pixels; p += block.rows) {
    const int64_t place = p * block.channels + block.channel;
    const auto made = gradient_of_x(norm, means, load_pack<T, kWidth>(memory.x + place),
                                    load_pack<T, kWidth>(memory.gradient + place));
    write_pack(to + p * task.channels, made);
  }
}

/// One image's tile of channels: blockIdx.x counts the tiles, blockIdx.y the images.
template <typename T, int kWidth>
__global__ void gradient_slab(NormGradientTask task, NormGradientScratch scratch, int64_t tile) {
  const NormBlock<kWidth> block(blockIdx.x, tile, task.channels);
  const SlabMemory<T, kWidth> memory(task.pixels, tile);
  const ThreadNorm<kWidth> norm(task, blockIdx.y, block.first + block.channel);
  ThreadSums<kWidth> sums;
  if (block.is_active()) read_slabs(task, block, norm, memory, sums);
  sums_by_channel(block, sums.gradients, memory.reduction, memory.gradients);
  sums_by_channel(block, sums.products, memory.reduction, memory.products);
  float* kept = scratch.sums + blockIdx.y * 2 * task.channels;
  add_up_groups(task, block, memory.gradients, kept);
  add_up_groups(task, block, memory.products, kept + task.channels);
  if (block.is_active()) write_slab(task, block, norm, memory);
}

}  // namespace

void gradient_on_chip(const NormGradientTask& task, const NormPlan& plan,
                      const NormGradientScratch& scratch, Stream stream) {
  for_element(task.type, task.channels, [&](auto element, auto width) {
    const int64_t bytes = slab_bytes(shape_of(task), /*maps=*/2, plan.tile);
    launch(gradient_slab<decltype(element), width>,
           {(task.channels + plan.tile - 1) / plan.tile, task.images}, kNormThreads,
           static_cast<size_t>(bytes), stream, task, scratch, plan.tile);
  });
}

}  // namespace bigtransfer::ops::cuda

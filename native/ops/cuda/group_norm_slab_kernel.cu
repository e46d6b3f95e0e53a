// Group norm of slabs that fit on the chip: one read, one write, and the variance about the mean.
#include "ops/cuda/group_norm_kernels.h"
#include "ops/cuda/norm_block.h"

namespace bigtransfer::ops::cuda {
namespace {

template <typename T, typename Y>
struct SlabTask {
  int64_t pixels;
  int64_t channels;
  int group_size;
  const T* x;
  const T* residual;
  T* sum;
  const float* weight;
  const float* bias;
  float epsilon;
  bool relu;
  Y* y;
  Y* mean;
  float* moments;
  int64_t tile;
};

/// Adds the residual to what the thread has in the slab, and keeps the sum where it is asked for.
template <typename T, typename Y, int kWidth>
__device__ void add_residual(const SlabTask<T, Y>& task, const NormBlock<kWidth>& block,
                             int64_t base, T* slab) {
  for (int64_t first = block.row; first < task.pixels; first += kInFlight * block.rows) {
    Pack<T, kWidth> others[kInFlight] = {};
    for (int i = 0; i < kInFlight; ++i) {
      const int64_t p = first + i * block.rows;
      if (p < task.pixels)
        others[i] = load_pack<T, kWidth>(task.residual + base + p * task.channels + block.channel);
    }
    if (first == block.row) wait_for_copies();
    for (int i = 0; i < kInFlight; ++i) {
      const int64_t p = first + i * block.rows;
      if (p >= task.pixels) break;
      T* place = slab + p * block.channels + block.channel;
      const Pack<T, kWidth> pack = added(load_pack<T, kWidth>(place), others[i]);
      store_pack(place, pack);
      write_pack(task.sum + base + p * task.channels + block.channel, pack);
    }
  }
}

/// Reads the slab: all of a thread's packs are on their way at once. Its sums by channel come back
/// in `sums`.
template <typename T, typename Y, int kWidth>
__device__ void read_slab(const SlabTask<T, Y>& task, const NormBlock<kWidth>& block, int64_t base,
                          T* slab, float (&sums)[kWidth]) {
  if (!block.is_active()) return;
  for (int64_t p = block.row; p < task.pixels; p += block.rows)
    start_copy<T, kWidth>(slab + p * block.channels + block.channel,
                          task.x + base + p * task.channels + block.channel);
  if (task.residual != nullptr) {
    add_residual(task, block, base, slab);
  } else {
    wait_for_copies();
  }
  for (int64_t p = block.row; p < task.pixels; p += block.rows) {
    const auto pack = load_pack<T, kWidth>(slab + p * block.channels + block.channel);
    for (int i = 0; i < kWidth; ++i) sums[i] += static_cast<float>(pack.values[i]);
  }
}

/// The thread's sums by channel of squared distances from the groups' means.
template <typename T, typename Y, int kWidth>
__device__ void squares_about(const SlabTask<T, Y>& task, const NormBlock<kWidth>& block,
                              const T* slab, const float (&means)[kWidth],
                              float (&squares)[kWidth]) {
  if (!block.is_active()) return;
  for (int64_t p = block.row; p < task.pixels; p += block.rows) {
    const auto pack = load_pack<T, kWidth>(slab + p * block.channels + block.channel);
    for (int i = 0; i < kWidth; ++i) {
      const float distance = static_cast<float>(pack.values[i]) - means[i];
      squares[i] += distance * distance;
    }
  }
}

/// Writes the result; the thread's sums of it by channel come back in `sums`.
template <typename T, typename Y, int kWidth>
__device__ void write_slab(const SlabTask<T, Y>& task, const NormBlock<kWidth>& block, int64_t base,
                           const T* slab, const float (&means)[kWidth],
                           const float (&deviations)[kWidth], float (&sums)[kWidth]) {
  if (!block.is_active()) return;
  float scale[kWidth];
  float shift[kWidth];
  for (int i = 0; i < kWidth; ++i) {
    const int64_t c = block.first + block.channel + i;
    scale[i] = task.weight[c] * deviations[i];
    shift[i] = task.bias[c] - means[i] * scale[i];
  }
  for (int64_t p = block.row; p < task.pixels; p += block.rows) {
    const auto pack = load_pack<T, kWidth>(slab + p * block.channels + block.channel);
    const Pack<Y, kWidth> result = normed<Y>(pack, scale, shift, task.relu);
    for (int i = 0; i < kWidth; ++i) sums[i] += static_cast<float>(result.values[i]);
    if (task.y != nullptr) write_pack(task.y + base + p * task.channels + block.channel, result);
  }
}

/// The value of the thread's channels' groups.
template <int kWidth>
__device__ void take_groups(const NormBlock<kWidth>& block, const float* totals, int group_size,
                            float (&values)[kWidth]) {
  for (int i = 0; i < kWidth; ++i) {
    const int c = block.channel + i;
    values[i] = block.is_active() ? totals[c - c % group_size] : 0.0f;
  }
}

/// Keeps what the thread's groups have as one of their moments, if it is asked for.
template <typename T, typename Y, int kWidth>
__device__ void keep_moment(const SlabTask<T, Y>& task, const NormBlock<kWidth>& block, int which,
                            const float (&values)[kWidth]) {
  if (task.moments == nullptr || block.row != 0) return;
  const int64_t groups = task.channels / task.group_size;
  for (int i = 0; i < kWidth; ++i) {
    const int64_t c = block.first + block.channel + i;
    if (c % task.group_size == 0)
      task.moments[(blockIdx.y * groups + c / task.group_size) * 2 + which] = values[i];
  }
}

/// One image's tile of channels: blockIdx.x counts the tiles, blockIdx.y the images.
template <typename T, typename Y, int kWidth>
__global__ void group_norm_slab(SlabTask<T, Y> task) {
  const NormBlock<kWidth> block(blockIdx.x, task.tile, task.channels);
  auto* memory = reinterpret_cast<float*>(shared_memory());
  float* totals = memory + kReductionFloats * kWidth;
  auto* slab = reinterpret_cast<T*>(totals + round_up(task.tile, kTotalsMultiple));
  const int64_t base = blockIdx.y * task.pixels * task.channels + block.first;
  const float count = static_cast<float>(task.pixels * task.group_size);

  float sums[kWidth] = {};
  read_slab(task, block, base, slab, sums);
  sums_by_channel(block, sums, memory, totals);
  sums_by_group(totals, block.channels, task.group_size);
  float means[kWidth];
  take_groups(block, totals, task.group_size, means);
  for (float& mean : means) mean /= count;
  keep_moment(task, block, 0, means);

  float squares[kWidth] = {};
  squares_about(task, block, slab, means, squares);
  sums_by_channel(block, squares, memory, totals);
  sums_by_group(totals, block.channels, task.group_size);
  float deviations[kWidth];
  take_groups(block, totals, task.group_size, deviations);
  for (float& deviation : deviations) deviation = rsqrtf(deviation / count + task.epsilon);
  keep_moment(task, block, 1, deviations);

  float results[kWidth] = {};
  write_slab(task, block, base, slab, means, deviations, results);
  if (task.mean == nullptr) return;
  sums_by_channel(block, results, memory, totals);
  for (int c = static_cast<int>(threadIdx.x); c < block.channels; c += kNormThreads)
    task.mean[blockIdx.y * task.channels + block.first + c] =
        static_cast<Y>(totals[c] / static_cast<float>(task.pixels));
}

}  // namespace

void norm_on_chip(const NormTask& task, const NormPlan& plan, Stream stream) {
  for_norm(task, [&](auto x, auto y, auto width) {
    using T = decltype(x);
    using Y = decltype(y);
    const SlabTask<T, Y> slab{.pixels = task.pixels,
                              .channels = task.channels,
                              .group_size = static_cast<int>(task.channels / task.groups),
                              .x = static_cast<const T*>(task.x),
                              .residual = static_cast<const T*>(task.residual),
                              .sum = static_cast<T*>(task.sum),
                              .weight = task.weight,
                              .bias = task.bias,
                              .epsilon = task.epsilon,
                              .relu = task.relu,
                              .y = static_cast<Y*>(task.y),
                              .mean = static_cast<Y*>(task.mean),
                              .moments = task.moments,
                              .tile = plan.tile};
    const int64_t tiles = (task.channels + plan.tile - 1) / plan.tile;
    const int64_t bytes = slab_bytes(shape_of(task), /*maps=*/1, plan.tile);
    launch(group_norm_slab<T, Y, width>, {tiles, task.images}, kNormThreads,
           static_cast<size_t>(bytes), stream, slab);
  });
}

}  // namespace bigtransfer::ops::cuda

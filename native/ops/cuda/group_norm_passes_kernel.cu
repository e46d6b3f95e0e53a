// Group norm of images that are too large for the chip: statistics by parts, then what they come
// to, then the result. The residual is added in the first of them.
#include <algorithm>

#include "ops/cuda/group_norm_kernels.h"
#include "ops/cuda/norm_block.h"

namespace bigtransfer::ops::cuda {
namespace {

template <typename T, typename Y>
struct PassesTask {
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
  int64_t tile;
  int64_t chunks;
  /// [images, chunks, 2, channels]: sums and sums of squares of each value's distance from the one
  /// in its channel's first pixel, so that a large mean costs no digits.
  float* parts;
  /// [images, 2, channels]: scale and shift.
  float* affine;
  /// As NormTask's.
  float* moments;
};

/// x + residual.
template <typename T, typename Y, int kWidth>
__device__ Pack<T, kWidth> load_added(const PassesTask<T, Y>& task, int64_t at) {
  const Pack<T, kWidth> pack = load_pack<T, kWidth>(task.x + at);
  if (task.residual == nullptr) return pack;
  return added(pack, load_pack<T, kWidth>(task.residual + at));
}

/// One part of an image: blockIdx.x counts the parts, y the tiles of channels, z the images.
template <typename T, typename Y, int kWidth>
__global__ void norm_parts(PassesTask<T, Y> task) {
  const NormBlock<kWidth> block(blockIdx.y, task.tile, task.channels);
  auto* memory = reinterpret_cast<float*>(shared_memory());
  float* totals = memory + kReductionFloats * kWidth;
  const int64_t base = blockIdx.z * task.pixels * task.channels + block.first + block.channel;
  const int64_t begin = task.pixels * blockIdx.x / task.chunks;
  const int64_t end = task.pixels * (blockIdx.x + 1) / task.chunks;

  float sums[kWidth] = {};
  float squares[kWidth] = {};
  if (block.is_active()) {
    const auto load = [&](int64_t at) { return load_added<T, Y, kWidth>(task, at); };
    const Pack<T, kWidth> origin = load(base);
    for_pixels(begin + block.row, end, block.rows, base, task.channels, load,
               [&](int64_t at, const Pack<T, kWidth>& pack) {
                 if (task.sum != nullptr) write_pack(task.sum + at, pack);
                 for (int i = 0; i < kWidth; ++i) {
                   const float distance =
                       static_cast<float>(pack.values[i]) - static_cast<float>(origin.values[i]);
                   sums[i] += distance;
                   squares[i] += distance * distance;
                 }
               });
  }
  float* parts =
      task.parts + (blockIdx.z * task.chunks + blockIdx.x) * 2 * task.channels + block.first;
  write_sums(block, sums, squares, memory, totals, parts, task.channels);
}

/// The sum of one of the two rows of an image's parts, for one channel.
template <typename T, typename Y>
__device__ float sum_of_parts(const PassesTask<T, Y>& task, int64_t image, int row, int64_t c) {
  float total = 0.0f;
  for (int64_t chunk = 0; chunk < task.chunks; ++chunk)
    total += task.parts[((image * task.chunks + chunk) * 2 + row) * task.channels + c];
  return total;
}

struct Channels {
  int64_t first;
  int channels;
};

/// The last step: `group` has the sums of the channels' means by group, `squares` by channel.
template <typename T, typename Y>
__device__ void write_affine(const PassesTask<T, Y>& task, const Channels& block, int64_t image,
                             const float* group, float* squares) {
  sums_by_group(squares, block.channels, task.group_size);
  const float count = static_cast<float>(task.pixels * task.group_size);
  float* affine = task.affine + image * 2 * task.channels + block.first;
  for (int c = static_cast<int>(threadIdx.x); c < block.channels; c += kNormThreads) {
    const int first = c - c % task.group_size;
    const float mean = group[first] / static_cast<float>(task.group_size);
    const float deviation = rsqrtf(squares[first] / count + task.epsilon);
    const float scale = task.weight[block.first + c] * deviation;
    affine[c] = scale;
    affine[task.channels + c] = task.bias[block.first + c] - mean * scale;
    if (task.moments == nullptr || c != first) continue;
    const int64_t groups = task.channels / task.group_size;
    float* moments = task.moments + (image * groups + (block.first + c) / task.group_size) * 2;
    moments[0] = mean;
    moments[1] = deviation;
  }
}

/// Scale and shift of `tile` channels, which are whole groups: blockIdx.x counts the tiles, y the
/// images.
template <typename T, typename Y>
__global__ void norm_affine(PassesTask<T, Y> task, int64_t tile) {
  const Channels block{.first = blockIdx.x * tile,
                       .channels = static_cast<int>(tile < task.channels - blockIdx.x * tile
                                                        ? tile
                                                        : task.channels - blockIdx.x * tile)};
  auto* group = reinterpret_cast<float*>(shared_memory());
  float* means = group + tile;
  const int64_t image = blockIdx.y;
  const T* first_pixel =
      (task.sum != nullptr ? task.sum : task.x) + image * task.pixels * task.channels;
  const float pixels = static_cast<float>(task.pixels);
  const float size = static_cast<float>(task.group_size);
  const int begin = static_cast<int>(threadIdx.x);

  for (int c = begin; c < block.channels; c += kNormThreads) {
    const int64_t channel = block.first + c;
    means[c] =
        static_cast<float>(first_pixel[channel]) + sum_of_parts(task, image, 0, channel) / pixels;
    group[c] = means[c];
  }
  __syncthreads();
  sums_by_group(group, block.channels, task.group_size);
  // Every channel's squares about the mean of its group; its own mean is no longer needed then.
  for (int c = begin; c < block.channels; c += kNormThreads) {
    const int64_t channel = block.first + c;
    const float offset = sum_of_parts(task, image, 0, channel) / pixels;
    float own = sum_of_parts(task, image, 1, channel) - pixels * offset * offset;
    // Rounding may leave less than nothing where all values are equal.
    if (own < 0.0f) own = 0.0f;
    const float mean = group[c - c % task.group_size] / size;
    const float between = means[c] - mean;
    means[c] = own + pixels * between * between;
  }
  __syncthreads();
  write_affine(task, block, image, group, means);
}

/// The result, of the same blocks as norm_parts(): a thread keeps to its channels' scale and shift.
template <typename T, typename Y, int kWidth>
__global__ void norm_apply(PassesTask<T, Y> task) {
  const NormBlock<kWidth> block(blockIdx.y, task.tile, task.channels);
  if (!block.is_active()) return;
  const int64_t base = blockIdx.z * task.pixels * task.channels + block.first + block.channel;
  const T* from = task.sum != nullptr ? task.sum : task.x;
  const float* affine = task.affine + blockIdx.z * 2 * task.channels + block.first + block.channel;
  float scale[kWidth];
  float shift[kWidth];
  for (int i = 0; i < kWidth; ++i) {
    scale[i] = affine[i];
    shift[i] = affine[task.channels + i];
  }
  for_pixels(
      task.pixels * blockIdx.x / task.chunks + block.row,
      task.pixels * (blockIdx.x + 1) / task.chunks, block.rows, base, task.channels,
      [&](int64_t at) { return load_pack<T, kWidth>(from + at); },
      [&](int64_t at, const Pack<T, kWidth>& pack) {
        write_pack(task.y + at, normed<Y>(pack, scale, shift, task.relu));
      });
}

}  // namespace

void norm_in_passes(const NormTask& task, const NormPlan& plan, float* scratch, Stream stream) {
  for_norm(task, [&](auto x, auto y, auto width) {
    using T = decltype(x);
    using Y = decltype(y);
    const PassesTask<T, Y> passes{
        .pixels = task.pixels,
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
        .tile = plan.tile,
        .chunks = plan.chunks,
        .parts = scratch,
        .affine = scratch + task.images * plan.chunks * 2 * task.channels,
        .moments = task.moments,
    };
    const int64_t tiles = (task.channels + plan.tile - 1) / plan.tile;
    const auto floats = [](int64_t count) { return static_cast<size_t>(count) * sizeof(float); };
    const Grid parts{plan.chunks, tiles, task.images};
    launch(norm_parts<T, Y, width>, parts, kNormThreads,
           floats(kReductionFloats * width + plan.tile), stream, passes);
    const int64_t size = passes.group_size;
    const int64_t groups = std::max<int64_t>(kNormThreads / size, 1) * size;
    launch(norm_affine<T, Y>, {(task.channels + groups - 1) / groups, task.images}, kNormThreads,
           floats(2 * groups), stream, passes, groups);
    launch(norm_apply<T, Y, width>, parts, kNormThreads, 0, stream, passes);
  });
}

}  // namespace bigtransfer::ops::cuda

// Sums over a batch's images, always in one order.
#include "ops/cuda/norm_gradient_kernels.h"

namespace bigtransfer::ops::cuda {
namespace {

/// Neighbouring channels of a block, and the images that it adds up at once.
constexpr int kColumns = 32;
constexpr int kRows = 8;
constexpr int kThreads = kColumns * kRows;

/// blockIdx.x counts the channels, y the two kinds of sums.
__global__ void add_images(NormGradientTask task, const float* sums) {
  auto* memory = reinterpret_cast<float*>(shared_memory());
  const int thread = static_cast<int>(threadIdx.x);
  const int row = thread / kColumns;
  const int64_t channel = static_cast<int64_t>(blockIdx.x) * kColumns + thread % kColumns;
  float total = 0.0f;
  if (channel < task.channels) {
    for (int64_t image = row; image < task.images; image += kRows)
      total += sums[(image * 2 + blockIdx.y) * task.channels + channel];
  }
  memory[thread] = total;
  __syncthreads();
  if (row != 0 || channel >= task.channels) return;
  for (int other = 1; other < kRows; ++other) total += memory[other * kColumns + thread];
  (blockIdx.y == 0 ? task.bias_gradient : task.weight_gradient)[channel] = total;
}

}  // namespace

void add_up_parameters(const NormGradientTask& task, const float* sums, Stream stream) {
  launch(add_images, {(task.channels + kColumns - 1) / kColumns, 2}, kThreads,
         kThreads * sizeof(float), stream, task, sums);
}

}  // namespace bigtransfer::ops::cuda

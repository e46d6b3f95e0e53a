// A block for each output channel, which reads it three times: once for the mean, once for the
// variance about it, once for the result.
#include "ops/cuda/pack.h"
#include "ops/cuda/standardize_weight.h"

namespace bigtransfer::ops::cuda {
namespace {

constexpr int kThreads = 256;

/// The sum over the block's threads, which all get it. `memory` has kThreads floats.
__device__ float block_sum(float mine, float* memory) {
  const int thread = static_cast<int>(threadIdx.x);
  __syncthreads();
  memory[thread] = mine;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (thread < half) memory[thread] += memory[thread + half];
  }
  __syncthreads();
  return memory[0];
}

template <typename T>
__global__ void standardize_channel(StandardizeTask task) {
  auto* memory = reinterpret_cast<float*>(shared_memory());
  const int64_t count = task.in_channels * task.taps;
  const float* from = task.weight + blockIdx.x * count;
  T* to = static_cast<T*>(task.y) + blockIdx.x * task.taps * task.pitch;
  const auto thread = static_cast<int64_t>(threadIdx.x);

  float sum = 0.0f;
  for (int64_t i = thread; i < count; i += kThreads) sum += from[i];
  const float mean = block_sum(sum, memory) / static_cast<float>(count);
  float squares = 0.0f;
  for (int64_t i = thread; i < count; i += kThreads) squares += (from[i] - mean) * (from[i] - mean);
  const float variance = block_sum(squares, memory) / static_cast<float>(count);
  const float scale = rsqrtf(variance + task.epsilon);
  for (int64_t i = thread; i < task.taps * task.pitch; i += kThreads) {
    const int64_t channel = i % task.pitch;
    const int64_t tap = i / task.pitch;
    const bool inside = channel < task.in_channels;
    to[i] = static_cast<T>(inside ? (from[channel * task.taps + tap] - mean) * scale : 0.0f);
  }
}

}  // namespace

void standardize_weight(const StandardizeTask& task, Stream stream) {
  for_element(task.type, task.pitch, [&](auto element, auto) {
    launch(standardize_channel<decltype(element)>, {task.out_channels}, kThreads,
           kThreads * sizeof(float), stream, task);
  });
}

}  // namespace bigtransfer::ops::cuda

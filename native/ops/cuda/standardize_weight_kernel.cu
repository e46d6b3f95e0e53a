// A block for each output channel, which reads it three times: once for the mean, once for the
// variance about it, once for the result. On the way back it reads it twice.
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
  const int channels = static_cast<int>(task.in_channels);
  const int taps = static_cast<int>(task.taps);
  const int pitch = static_cast<int>(task.pitch);
  const int count = channels * taps;
  const float* from = task.weight + blockIdx.x * task.in_channels * task.taps;
  T* to = static_cast<T*>(task.y) + blockIdx.x * task.taps * task.pitch;
  const int thread = static_cast<int>(threadIdx.x);

  float sum = 0.0f;
  for (int i = thread; i < count; i += kThreads) sum += from[i];
  const float mean = block_sum(sum, memory) / static_cast<float>(count);
  float squares = 0.0f;
  for (int i = thread; i < count; i += kThreads) squares += (from[i] - mean) * (from[i] - mean);
  const float variance = block_sum(squares, memory) / static_cast<float>(count);
  const float scale = rsqrtf(variance + task.epsilon);
  if (task.moments != nullptr && thread == 0) {
    task.moments[blockIdx.x * 2] = mean;
    task.moments[blockIdx.x * 2 + 1] = scale;
  }
  for (int i = thread; i < taps * pitch; i += kThreads) {
    const int channel = i % pitch;
    const int tap = i / pitch;
    to[i] = static_cast<T>(channel < channels ? (from[channel * taps + tap] - mean) * scale : 0.0f);
  }
}

/// What mean and deviation pass on is taken off.
template <typename T>
__global__ void lead_back_channel(StandardizeGradientTask task) {
  auto* memory = reinterpret_cast<float*>(shared_memory());
  const int channels = static_cast<int>(task.in_channels);
  const int taps = static_cast<int>(task.taps);
  const int count = channels * taps;
  const int64_t first = blockIdx.x * task.in_channels * task.taps;
  const float* weight = task.weight + first;
  const T* gradient = static_cast<const T*>(task.gradient) + first;
  float* to = task.weight_gradient + first;
  const float mean = task.moments[blockIdx.x * 2];
  const float scale = task.moments[blockIdx.x * 2 + 1];
  const int thread = static_cast<int>(threadIdx.x);
  const auto gradient_at = [&](int i) {
    return static_cast<float>(gradient[i % taps * channels + i / taps]);
  };

  float sum = 0.0f;
  float products = 0.0f;
  for (int i = thread; i < count; i += kThreads) {
    const float value = gradient_at(i);
    sum += value;
    products += value * ((weight[i] - mean) * scale);
  }
  const float common = block_sum(sum, memory) / static_cast<float>(count);
  const float slope = block_sum(products, memory) / static_cast<float>(count);
  for (int i = thread; i < count; i += kThreads)
    to[i] = (gradient_at(i) - common - (weight[i] - mean) * scale * slope) * scale;
}

}  // namespace

void standardize_weight(const StandardizeTask& task, Stream stream) {
  for_element(task.type, task.pitch, [&](auto element, auto) {
    launch(standardize_channel<decltype(element)>, {task.out_channels}, kThreads,
           kThreads * sizeof(float), stream, task);
  });
}

void standardize_weight_gradient(const StandardizeGradientTask& task, Stream stream) {
  for_element(task.type, task.in_channels, [&](auto element, auto) {
    launch(lead_back_channel<decltype(element)>, {task.out_channels}, kThreads,
           kThreads * sizeof(float), stream, task);
  });
}

}  // namespace bigtransfer::ops::cuda

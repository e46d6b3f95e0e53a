// What a thread does on the way back through a norm.
#pragma once

#include "ops/cuda/norm_block.h"
#include "ops/cuda/norm_gradient.h"

namespace bigtransfer::ops::cuda {

/// The norm of the thread's channels in one image, as the way there had it.
template <int kWidth>
struct ThreadNorm {
  /// `channel` is the thread's first one.
  __device__ ThreadNorm(const NormGradientTask& task, int64_t image, int64_t channel)
      : relu(task.relu) {
    const int64_t size = task.channels / task.groups;
    for (int i = 0; i < kWidth; ++i) {
      const int64_t c = channel + i;
      const float* moments = task.moments + (image * task.groups + c / size) * 2;
      scale[i] = task.weight[c] * moments[1];
      shift[i] = task.bias[c] - moments[0] * scale[i];
      mean[i] = moments[0];
      unit_scale[i] = moments[1];
    }
  }

  /// The normalised x, before weight and bias.
  __device__ float unit(float x, int i) const { return (x - mean[i]) * unit_scale[i]; }

  /// What the ReLU passes back.
  __device__ float passed(float x, float gradient, int i) const {
    return relu && x * scale[i] + shift[i] <= 0.0f ? 0.0f : gradient;
  }

  bool relu;
  float scale[kWidth];
  float shift[kWidth];
  float mean[kWidth];
  float unit_scale[kWidth];
};

/// A thread's sums over its pixels, as NormGradientScratch::sums has them.
template <int kWidth>
struct ThreadSums {
  template <typename T>
  __device__ void add(const ThreadNorm<kWidth>& norm, const Pack<T, kWidth>& x,
                      const Pack<T, kWidth>& gradient) {
    for (int i = 0; i < kWidth; ++i) {
      const auto value = static_cast<float>(x.values[i]);
      const float passed = norm.passed(value, static_cast<float>(gradient.values[i]), i);
      gradients[i] += passed;
      products[i] += passed * norm.unit(value, i);
    }
  }

  float gradients[kWidth] = {};
  float products[kWidth] = {};
};

/// Means over the groups of a thread's channels, as NormGradientScratch::means has them.
template <int kWidth>
struct ThreadMeans {
  float gradients[kWidth];
  float products[kWidth];
};

/// The gradient of x: what mean and variance of the group pass on is taken off.
template <typename T, int kWidth>
__device__ Pack<T, kWidth> gradient_of_x(const ThreadNorm<kWidth>& norm,
                                         const ThreadMeans<kWidth>& means, const Pack<T, kWidth>& x,
                                         const Pack<T, kWidth>& gradient) {
  Pack<T, kWidth> made;
  for (int i = 0; i < kWidth; ++i) {
    const auto value = static_cast<float>(x.values[i]);
    const float passed = norm.passed(value, static_cast<float>(gradient.values[i]), i);
    const float common = means.gradients[i] + norm.unit(value, i) * means.products[i];
    made.values[i] = static_cast<T>(norm.scale[i] * passed - norm.unit_scale[i] * common);
  }
  return made;
}

}  // namespace bigtransfer::ops::cuda

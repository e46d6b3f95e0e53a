// The way back through group norm and ReLU, over channels-last images.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>

#include "ops/cuda/launch.h"
#include "ops/cuda/norm_plan.h"

namespace bigtransfer::ops::cuda {

/// One norm of a batch; all images are [images, pixels, channels] of `type`.
struct NormGradientTask {
  at::ScalarType type;
  int64_t images;
  int64_t pixels;
  int64_t channels;
  int64_t groups;
  /// What was normalised.
  const void* x;
  /// As NormTask left them.
  const float* moments;
  /// Both [channels], as is what is found of them.
  const float* weight;
  const float* bias;
  /// Whether a ReLU followed: what it let through is found from x once more.
  bool relu;
  /// Of what came out.
  const void* gradient;
  /// Of x; may be where `gradient` is.
  void* x_gradient;
  float* weight_gradient;
  float* bias_gradient;
};

/// Throws Error kShape when the channels do not fall into groups.
NormPlan plan_norm_gradient(const NormGradientTask& task, const DeviceLimits& limits);

/// `scratch` has as many floats as `plan` says. The same bits each time.
void norm_gradient(const NormGradientTask& task, const NormPlan& plan, float* scratch,
                   Stream stream);

}  // namespace bigtransfer::ops::cuda

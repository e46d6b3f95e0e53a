// Group norm and ReLU over channels-last images, with what stands before and after them fused in.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>

#include "ops/cuda/launch.h"
#include "ops/cuda/norm_plan.h"

namespace bigtransfer::ops::cuda {

/// One norm of a batch; all images are [images, pixels, channels], of `type` but for the result.
struct NormTask {
  at::ScalarType type;
  /// Of y and mean: `type`, or bfloat16 where that is float16.
  at::ScalarType y_type;
  int64_t images;
  int64_t pixels;
  int64_t channels;
  int64_t groups;
  const void* x;
  /// Added to x before the norm; null for nothing.
  const void* residual;
  /// Where x + residual is kept; null exactly where `residual` is.
  void* sum;
  /// Both [channels], in float whatever `type` is.
  const float* weight;
  const float* bias;
  float epsilon;
  bool relu;
  /// The result; null where only its mean is wanted, on the chip.
  void* y;
  /// The result's mean over the pixels, [images, channels]; null for none, and always
  /// where the plan is not on the chip.
  void* mean;
  /// [images, groups, 2]: the mean of each group, and one over the deviation, for the way back;
  /// null for none.
  float* moments;
};

/// Throws Error kShape when the channels do not fall into groups.
NormPlan plan_norm(const NormTask& task, const DeviceLimits& limits);

/// `scratch` has as many floats as `plan` says.
void group_norm_act(const NormTask& task, const NormPlan& plan, float* scratch, Stream stream);

}  // namespace bigtransfer::ops::cuda

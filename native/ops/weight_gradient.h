// The gradient of a convolution's standardised weights, from its input and its output's gradient.
#pragma once

#include <ATen/ATen.h>

#include "ops/kernels.h"

namespace bigtransfer::ops {

/// What the gradient is made of; see WeightGradientTask.
struct WeightGradientRun {
  int64_t images;
  const float* x;
  const float* scale;
  const float* shift;
  const float* gradient;
};

/// [taps, out, in] in float32, from products of `type`; channels are whole panels. Uses the threads
/// of the caller's team; the result does not depend on how many there are.
at::Tensor weight_gradient(const Kernels& kernels, at::ScalarType type,
                           const ConvGeometry& geometry, const WeightGradientRun& run);

}  // namespace bigtransfer::ops

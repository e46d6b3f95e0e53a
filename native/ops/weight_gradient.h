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

/// Sums over images that come in groups. Uses the threads of the caller's team; the result does not
/// depend on how many there are, but on the groups.
class WeightGradientSums {
 public:
  /// Of products of `type`; channels are whole panels.
  WeightGradientSums(const Kernels& kernels, at::ScalarType type, const ConvGeometry& geometry);

  void add(const WeightGradientRun& run);
  /// [taps, out, in] in float32 of all that was added, which must be something. Once.
  at::Tensor total();

 private:
  const ConvKernels& kernels_;
  ConvGeometry geometry_;
  int64_t panel_;
  /// Floats of one sum.
  int64_t size_;
  /// Parts of the output's channels.
  int64_t chunks_;
  /// Sums over some of a group each, [parts, taps, out, in]; undefined before the first.
  at::Tensor sums_;
};

}  // namespace bigtransfer::ops

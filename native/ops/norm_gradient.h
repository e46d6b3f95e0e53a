// The gradient through group norm and ReLU over a few images.
#pragma once

#include <ATen/ATen.h>

#include "ops/kernels.h"

namespace bigtransfer::ops {

/// Images lie one after the other, as does what belongs to each.
struct NormGradientRun {
  int64_t images;
  int64_t groups;
  const float* x;
  /// As NormGradientTask's, [images][pitch] each.
  const float* scale;
  const float* shift;
  const float* unit_scale;
  const float* unit_shift;
  /// The norm's, [channels].
  const float* weight;
  /// Of what comes out of the ReLU.
  const float* gradient;
  /// Another gradient of x to add; null for none.
  const float* more;
  /// The gradient of x; may be where `gradient` is.
  float* out;
};

/// Of the norm's parameters, [channels] each.
struct NormParameterGradients {
  at::Tensor weight;
  at::Tensor bias;
};

/// Channels fill the pitch. Uses the threads of the caller's team; the result does not depend on
/// how many there are.
NormParameterGradients norm_gradient(const Kernels& kernels, const ImageShape& shape,
                                     const NormGradientRun& run);

}  // namespace bigtransfer::ops

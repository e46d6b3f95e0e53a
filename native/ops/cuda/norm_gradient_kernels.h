// What the way back through a norm is made of, behind norm_gradient().
#pragma once

#include "ops/cuda/group_norm_kernels.h"
#include "ops/cuda/norm_gradient.h"

namespace bigtransfer::ops::cuda {

NormShape shape_of(const NormGradientTask& task);

/// Device memory for what is known of the images meanwhile.
struct NormGradientScratch {
  /// [images, 2, channels]: sums of what the ReLU passes back, and of that times the normalised x.
  float* sums;
  /// [images, chunks, 2, channels]: the same by parts.
  float* parts;
  /// [images, groups, 2]: means of both over each group, with the norm's weight.
  float* means;
};

/// Both leave `sums` behind; the first needs nothing else of the scratch.
void gradient_on_chip(const NormGradientTask& task, const NormPlan& plan,
                      const NormGradientScratch& scratch, Stream stream);
void gradient_in_passes(const NormGradientTask& task, const NormPlan& plan,
                        const NormGradientScratch& scratch, Stream stream);

/// Adds up `sums` over the images: the gradients of bias and weight.
void add_up_parameters(const NormGradientTask& task, const float* sums, Stream stream);

}  // namespace bigtransfer::ops::cuda

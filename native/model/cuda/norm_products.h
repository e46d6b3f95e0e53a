// Norms and convolutions of 1x1 in one, over channels-last maps.
#pragma once

#include <ATen/ATen.h>

#include "ops/cuda/launch.h"

namespace bigtransfer::model {

/// A norm's parameters, [C] in float each, and its groups.
struct NormParameters {
  at::Tensor weight;
  at::Tensor bias;
  int64_t groups;
};

/// Sums over the parts of a map's images, for affine_of(); [N, parts, 2, C] in float.
at::Tensor parts_of_map(const at::Tensor& map, ops::cuda::Stream stream);

/// What the norm of a map comes to, by its parts: [N, 2, C] in float, scale and shift.
at::Tensor affine_of(const at::Tensor& map, const at::Tensor& parts, const NormParameters& norm,
                     ops::cuda::Stream stream);

/// Whether norm_product() takes a convolution of 1x1 with this weight, [out, in, 1, 1].
bool takes_norm_product(const at::Tensor& weight);

/// The convolution of the normalised and activated map; where `added` is defined, it is added to
/// that, in its place. `parts` gets the result's, unless it is null.
at::Tensor norm_product(const at::Tensor& map, const at::Tensor& affine, const at::Tensor& weight,
                        const at::Tensor& added, at::Tensor* parts, ops::cuda::Stream stream);

}  // namespace bigtransfer::model

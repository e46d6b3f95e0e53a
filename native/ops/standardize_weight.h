// Weight standardisation of a convolution kernel (1903.10520).
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "ops/kernels.h"

namespace bigtransfer::ops {

/// Epsilon under the square root; transformers' and timm's value for every BiT convolution.
inline constexpr double kWeightStandardizationEps = 1e-8;

/// (w - mean) / sqrt(var + eps) per output channel over (in, kh, kw), with the biased variance.
/// `weight` is [out, in, kh, kw] in a floating type; the result has its shape and type.
at::Tensor standardize_weight(const at::Tensor& weight);

/// What standardises the weights of one output channel, to the bits of standardize_weight(): batch
/// norm adds up in double, keeps mean, scale and shift in float, and rounds the result once. Other
/// bits in the weights of the first layers would be most of what tells our outputs from
/// transformers'.
struct ChannelScaling {
  float scale;
  float shift;

  float operator()(float weight) const {
    return static_cast<float>(static_cast<double>(weight) * static_cast<double>(scale) +
                              static_cast<double>(shift));
  }
};
ChannelScaling channel_scaling(const float* weights, int64_t count);

/// Of each output channel of `weight`, contiguous in float32, on the threads of the caller's team.
std::vector<ChannelScaling> channel_scalings(const at::Tensor& weight);

/// The gradient of `weight`, in its shape, where that of what is standardised is `gradient`,
/// [kh * kw, out, in], both contiguous in float32. The scalings are the weight's.
at::Tensor standardize_weight_gradient(const Kernels& kernels, const at::Tensor& weight,
                                       const std::vector<ChannelScaling>& scalings,
                                       const at::Tensor& gradient);

}  // namespace bigtransfer::ops

// Weight standardisation of a convolution kernel (1903.10520).
#pragma once

#include <ATen/ATen.h>

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

}  // namespace bigtransfer::ops

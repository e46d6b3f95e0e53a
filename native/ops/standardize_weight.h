// Weight standardisation of a convolution kernel (1903.10520).
#pragma once

#include <ATen/ATen.h>

namespace bigtransfer::ops {

/// Epsilon under the square root; transformers' and timm's value for every BiT convolution.
inline constexpr double kWeightStandardizationEps = 1e-8;

/// (w - mean) / sqrt(var + eps) per output channel over (in, kh, kw), with the biased variance.
/// `weight` is [out, in, kh, kw] in a floating type; the result has its shape and type.
at::Tensor standardize_weight(const at::Tensor& weight);

/// What standardises the weights of one output channel: (w - mean) * inverse_deviation.
struct ChannelMoments {
  float mean;
  float inverse_deviation;
};
ChannelMoments channel_moments(const float* weights, int64_t count);

}  // namespace bigtransfer::ops

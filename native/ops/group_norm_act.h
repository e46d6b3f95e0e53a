// Group norm followed by an activation: one operator, the most frequent one of the network.
#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "ops/activation.h"

namespace bigtransfer::ops {

/// Epsilon of every BiT group norm (transformers, timm).
inline constexpr double kGroupNormEps = 1e-5;

/// Scale and shift, both [C], and the activation that follows, if any.
struct GroupNormAct {
  int64_t groups;
  at::Tensor weight;
  at::Tensor bias;
  std::optional<Activation> activation;
};

/// Normalises `x` [N, C, H, W] over each group of C / groups channels, then scales, shifts and
/// activates. Throws Error kShape when the channels are not weight's.
at::Tensor group_norm_act(const at::Tensor& x, const GroupNormAct& norm);

}  // namespace bigtransfer::ops

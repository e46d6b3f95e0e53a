// The named parameters of a topology: what a state dict holds and how each one starts.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

#include "model/topology.h"

namespace bigtransfer::model {

/// Starting distributions of transformers' BiT.
enum class Initialization {
  /// Normal, deviation sqrt(2 / (out * kh * kw)): Kaiming, fan-out, relu.
  kKaimingNormal,
  /// Uniform within 1 / sqrt(fan_in): PyTorch's linear layer, weight and bias.
  kLinear,
  kConstant,
};

struct ParameterSpec {
  std::string name;
  std::vector<int64_t> shape;
  Initialization initialization;
  /// The value for kConstant; fan_in for kLinear.
  double value;
  /// Whether training changes it: constants of activations stay.
  bool learns;
};

/// All parameters and activation buffers in state-dict order.
std::vector<ParameterSpec> parameters(const Topology& topology);

/// One float32 parameter drawn from its distribution. The draw depends on `seed` and the
/// parameter's name alone, so that a fresh head does not depend on what else was drawn.
at::Tensor initialize(const ParameterSpec& parameter, uint64_t seed);

}  // namespace bigtransfer::model

// The activations that transformers names in `hidden_act`.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

namespace bigtransfer::ops {

/// A learnt or stored value inside an activation (prelu's slope, xielu's alphas), one per module.
struct ActivationParameter {
  std::string name;
  std::vector<int64_t> shape;
  double initial;
  /// Parameters learn, buffers do not.
  bool learns;
};

/// The parameters and buffers that `name` keeps in a state dict, in its order; empty for most.
const std::vector<ActivationParameter>& activation_parameters(const std::string& name);

struct Activation {
  std::string name;
  /// The tensors that activation_parameters(name) lists, in that order.
  std::vector<at::Tensor> parameters;
};

/// Applies the activation to `x`, in place where ATen can. Throws Error kConfig for an unknown
/// name.
at::Tensor activate(const at::Tensor& x, const Activation& activation);

}  // namespace bigtransfer::ops

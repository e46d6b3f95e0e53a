// Stochastic gradient descent with momentum.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "training/graph.h"

namespace bigtransfer::training {

struct SgdRates {
  /// From 0 to below 1.
  double momentum;
  /// Added to each gradient, times its parameter.
  double weight_decay;
};

/// v ← momentum · v + g, p ← p − rate · v, as PyTorch's SGD with neither dampening nor Nesterov.
class Sgd {
 public:
  /// Velocities start at zero, one for each parameter that learns; `parameters` outlive this.
  Sgd(const std::vector<Parameter>& parameters, const SgdRates& rates);

  /// One step along the gradients, which are forgotten then.
  void step(double learning_rate);

  /// Velocities by their parameters' names, in their order.
  std::vector<std::pair<std::string, at::Tensor>> velocities() const;
  /// Copies them from where they were saved. Throws Error kCheckpoint where one is missing or of
  /// another shape.
  void restore(const std::string& path);

 private:
  const std::vector<Parameter>& parameters_;
  SgdRates rates_;
  /// Undefined for what does not learn.
  std::vector<at::Tensor> velocities_;
};

}  // namespace bigtransfer::training

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

/// What becomes of gradients with a step.
enum class GradientsAfter {
  /// The next one takes a gradient's place instead of being added to zeros.
  kForgotten,
  /// They stay where they are in memory, since recorded work adds to them there.
  kZero,
};

/// v ← momentum · v + g, p ← p − rate · v, as PyTorch's SGD with neither dampening nor Nesterov.
class Sgd {
 public:
  /// Velocities start at zero, one for each parameter that learns; `parameters` outlive this.
  Sgd(const std::vector<Parameter>& parameters, const SgdRates& rates, GradientsAfter after);

  /// One step along the gradients, which are gone then. Parameters that have none stay as they are.
  void step(double learning_rate);
  /// Lets gradients go without one.
  void forget();

  /// Velocities by their parameters' names, in their order.
  std::vector<std::pair<std::string, at::Tensor>> velocities() const;
  /// Copies them from where they were saved. Throws Error kCheckpoint where one is missing or of
  /// another shape.
  void restore(const std::string& path);

 private:
  /// Whether a step moves the parameter of this number.
  bool moves(size_t i) const;
  /// On the CPU, each value in one go.
  void step_by_threads(float rate);
  /// All at once, by PyTorch's operator for whole lists.
  void step_at_once(double rate);

  const std::vector<Parameter>& parameters_;
  SgdRates rates_;
  GradientsAfter after_;
  /// Undefined for what does not learn.
  std::vector<at::Tensor> velocities_;
};

}  // namespace bigtransfer::training

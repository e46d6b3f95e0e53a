// Minimising a smooth function by L-BFGS (Nocedal and Wright, Numerical Optimization,
// algorithm 7.5).
#pragma once

#include <ATen/ATen.h>

#include <functional>

namespace bigtransfer::training {

/// A function at some place: its value, and its gradient there in the place's shape.
struct Slope {
  double value;
  at::Tensor gradient;
};

/// Of float64 tensors.
using Objective = std::function<Slope(const at::Tensor& place)>;

struct LbfgsLimits {
  /// A gradient as short as this, by its Euclidean norm, is zero.
  double gradient;
  int iterations;
};

struct Minimum {
  at::Tensor place;
  double value;
  int iterations;
};

/// Goes down from `start`, which stays as it is, until the gradient is short enough, the steps are
/// used up, or rounding lets the value fall no further. What it does follows from the objective
/// alone.
Minimum minimise(const Objective& objective, const at::Tensor& start, const LbfgsLimits& limits);

}  // namespace bigtransfer::training

// Logistic regression: of one class each (multinomial), or of each label against the rest.
#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "training/linear.h"

namespace bigtransfer::training {

struct LogisticProblem {
  FeatureRows& features;
  RowRanges ranges;
  /// As misses_of() takes them, of all rows.
  const at::Tensor& targets;
  /// kSingleLabel or kMultiLabel.
  model::ProblemType problem;
  int64_t outputs;
  /// λ: the mean loss of the examples, summed over their labels, plus λ/2 times the squared
  /// weights. Biases are free. scikit-learn's C is 1 / (λ · examples).
  double strength;
};

struct LogisticFit {
  Linear linear;
  int iterations;
};

/// From `start` on, until what is minimised is within `gap` of its least. `between` is called
/// before each pass over the examples, and may throw.
LogisticFit fit_logistic(const LogisticProblem& problem, const Linear& start, double gap,
                         const std::function<void()>& between);

/// All zero, to start from.
Linear zero_linear(int64_t outputs, int64_t width);

/// What is minimised, and its gradient.
struct LogisticSlope {
  double value;
  Linear gradient;
};
LogisticSlope logistic_slope(const LogisticProblem& problem, const Linear& linear);

}  // namespace bigtransfer::training

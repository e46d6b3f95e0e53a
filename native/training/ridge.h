// Ridge regression in closed form: one system of equations for any number of strengths.
#pragma once

#include <ATen/ATen.h>

#include "training/linear.h"

namespace bigtransfer::training {

/// The least of half the mean squared error of the examples, summed over their values, plus λ/2
/// times the squared weights; biases are free. scikit-learn's alpha is λ · examples.
class Ridge {
 public:
  /// Gathers the products of features, or of examples where these are fewer. `targets` float64 [N,
  /// outputs] of all rows.
  Ridge(FeatureRows& features, RowRanges ranges, at::Tensor targets);

  /// `strength` is λ, above zero.
  Linear solve(FeatureRows& features, double strength) const;

 private:
  bool is_dual() const { return count_ < means_.size(0); }
  void gather_products(FeatureRows& features);
  void gather_kernel(FeatureRows& features);
  /// Standardised, less their mean among these rows.
  at::Tensor centred(const FeatureRows& features, const at::Tensor& rows) const;
  at::Tensor centred_targets(int64_t begin, int64_t end) const;

  RowRanges ranges_;
  at::Tensor targets_;
  int64_t count_;
  /// Of standardised features, and of targets, over these rows.
  at::Tensor means_;
  at::Tensor target_means_;
  /// [width, width], or of examples.
  at::Tensor products_;
  /// What the equations are to give: [width, outputs], or of examples.
  at::Tensor right_;
};

}  // namespace bigtransfer::training

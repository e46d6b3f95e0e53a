// A linear function of standardised features, and how far what it says is from what it should say.
#pragma once

#include <ATen/ATen.h>

#include "model/loss.h"
#include "training/feature_rows.h"

namespace bigtransfer::training {

/// [outputs, width] and [outputs].
struct Linear {
  at::Tensor weight;
  at::Tensor bias;
};

/// [n, outputs] of rows [n, width], in the type of all of them. Throws Error kShape for another
/// width.
at::Tensor outputs_of(const Linear& linear, const at::Tensor& rows);

/// In float64, the same function of features as they are.
Linear unstandardised(const Linear& linear, const FeatureRows& features);

/// Of some examples.
struct Misses {
  /// The sum over all of them of cross-entropy, or of binary cross-entropies or squared errors over
  /// their outputs.
  double loss;
  /// How many have their class before all others; 0 where there are no classes.
  int64_t hits;
};

/// What `outputs` [n, outputs] miss of `targets`: int64 [n] classes, else float64 [n, outputs].
Misses misses_of(const at::Tensor& outputs, const at::Tensor& targets, model::ProblemType problem);

/// Of rows of the features; `targets` in their order.
Misses misses_of(const Linear& linear, FeatureRows& features, const RowRanges& ranges,
                 const at::Tensor& targets, model::ProblemType problem);

}  // namespace bigtransfer::training

// A classifier's head from features: fits that leave a fold out, to choose a strength by, and the
// one that is kept.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

#include "model/loss.h"
#include "training/linear.h"
#include "training/ridge.h"

namespace bigtransfer::training {

struct HeadFitterRequest {
  model::ProblemType problem;
  /// Of a row of features.
  int64_t width;
  /// Classes, labels or values.
  int64_t outputs;
  /// int64 [N] classes, else floating [N, outputs].
  at::Tensor targets;
  /// int64 [N]: the fold that each example is left out with; kInEveryFit: none.
  at::Tensor folds;
};

struct HeadFitRequest {
  /// Left out; kInEveryFit: none.
  int64_t fold;
  /// λ, above zero: see LogisticProblem and Ridge.
  double strength;
  /// How far from its least the value may be that is minimised step by step.
  double gap;
};

/// Of one fold's examples.
struct FoldScore {
  int64_t examples;
  /// Over examples and outputs as model::loss() takes the mean.
  double mean_loss;
  int64_t hits;
};

/// A head of features as they are.
struct FittedHead {
  /// float32 [outputs, width], [outputs].
  at::Tensor weight;
  at::Tensor bias;
  /// The mean loss of what it was fitted to.
  double mean_loss;
  /// Of L-BFGS; 0 in closed form.
  int iterations;
};

/// Calls may come from any thread; they run one after the other.
class HeadFitter {
 public:
  /// Throws Error kShape for targets and folds that do not fit.
  explicit HeadFitter(const HeadFitterRequest& request);

  /// Rows float32 [n, width] of the examples from `first` on; all of them before the first fit.
  /// Throws Error kShape.
  void put(int64_t first, const at::Tensor& rows);

  /// Called within a fit; may throw, which ends it.
  using Between = std::function<void()>;
  /// Fits without a fold, from where its last fit ended, and tells how good that is on the fold.
  FoldScore score(const HeadFitRequest& request, const Between& between);
  FittedHead fit(const HeadFitRequest& request, const Between& between);

 private:
  struct Fit {
    Linear linear;
    int iterations;
  };
  Fit fit_rows(const HeadFitRequest& request, const Between& between);
  double mean_loss(const Misses& misses, int64_t examples) const;

  std::mutex mutex_;
  model::ProblemType problem_;
  int64_t outputs_;
  FeatureRows features_;
  at::Tensor targets_;
  bool is_measured_ = false;
  /// By fold: where a fit begins, and equations.
  std::map<int64_t, Linear> starts_;
  std::map<int64_t, Ridge> ridges_;
};

}  // namespace bigtransfer::training

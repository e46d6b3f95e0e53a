// Logistic regression for classes and labels, ridge regression for values.
#include "training/head_fitter.h"

#include <string>

#include "common/error.h"
#include "training/logistic.h"

namespace bigtransfer::training {
namespace {

void check(bool is_so, const std::string& what) {
  if (!is_so) throw Error(ErrorCode::kShape, what);
}

const HeadFitterRequest& checked(const HeadFitterRequest& request) {
  const auto& [problem, width, outputs, targets, folds] = request;
  const int64_t count = folds.size(0);
  check(folds.scalar_type() == at::kLong && folds.dim() == 1 && count > 0,
        "Expected a fold for each example");
  check(width > 0 && outputs > 0, "Expected features and outputs");
  if (problem == model::ProblemType::kSingleLabel) {
    check(targets.scalar_type() == at::kLong && targets.sizes() == at::IntArrayRef{count},
          "Expected a class for each example");
    const bool are_classes = ((targets >= 0) & (targets < outputs)).all().item<bool>();
    check(are_classes, "Classes are not from 0 to " + std::to_string(outputs - 1));
  } else {
    const bool fits =
        targets.is_floating_point() && targets.sizes() == at::IntArrayRef{count, outputs};
    check(fits && at::isfinite(targets).all().item<bool>(),
          "Expected " + std::to_string(outputs) + " finite numbers for each example");
  }
  return request;
}

at::Tensor in_double(const at::Tensor& targets, model::ProblemType problem) {
  return problem == model::ProblemType::kSingleLabel ? targets : targets.to(at::kDouble);
}

}  // namespace

HeadFitter::HeadFitter(const HeadFitterRequest& request)
    : problem_(checked(request).problem),
      outputs_(request.outputs),
      features_(request.folds, request.width),
      targets_(features_.arranged(in_double(request.targets, problem_))) {}

void HeadFitter::put(int64_t first, const at::Tensor& rows) {
  const std::lock_guard lock(mutex_);
  check(!is_measured_, "Features come before fits");
  features_.put(first, rows);
}

FoldScore HeadFitter::score(const HeadFitRequest& request, const Between& between) {
  const std::lock_guard lock(mutex_);
  const RowRange held_out = features_.of(request.fold);
  const int64_t examples = held_out.end - held_out.begin;
  check(examples > 0, "There is no fold " + std::to_string(request.fold));
  const Linear linear = fit_rows(request, between).linear;
  const Misses misses = misses_of(linear, features_, {held_out}, targets_, problem_);
  return {examples, mean_loss(misses, examples), misses.hits};
}

FittedHead HeadFitter::fit(const HeadFitRequest& request, const Between& between) {
  const std::lock_guard lock(mutex_);
  const auto [linear, iterations] = fit_rows(request, between);
  const RowRanges all = features_.all();
  const Misses misses = misses_of(linear, features_, all, targets_, problem_);
  const auto [weight, bias] = unstandardised(linear, features_);
  return {.weight = weight.to(at::kFloat),
          .bias = bias.to(at::kFloat),
          .mean_loss = mean_loss(misses, features_.size()),
          .iterations = iterations};
}

HeadFitter::Fit HeadFitter::fit_rows(const HeadFitRequest& request, const Between& between) {
  const auto& [fold, strength, gap] = request;
  if (!is_measured_) features_.measure();
  is_measured_ = true;
  between();
  const RowRanges ranges = fold == kInEveryFit ? features_.all() : features_.without(fold);
  check(count_of(ranges) > 0, "Nothing is left to fit to");
  if (problem_ == model::ProblemType::kRegression) {
    auto found = ridges_.find(fold);
    if (found == ridges_.end())
      found = ridges_.emplace(fold, Ridge(features_, ranges, targets_)).first;
    return {found->second.solve(features_, strength), 0};
  }
  const LogisticProblem problem{.features = features_,
                                .ranges = ranges,
                                .targets = targets_,
                                .problem = problem_,
                                .outputs = outputs_,
                                .strength = strength};
  const auto start = starts_.try_emplace(fold, zero_linear(outputs_, features_.width())).first;
  const LogisticFit fit = fit_logistic(problem, start->second, gap, between);
  start->second = fit.linear;
  return {fit.linear, fit.iterations};
}

double HeadFitter::mean_loss(const Misses& misses, int64_t examples) const {
  const int64_t each = problem_ == model::ProblemType::kSingleLabel ? 1 : outputs_;
  return misses.loss / static_cast<double>(examples * each);
}

}  // namespace bigtransfer::training

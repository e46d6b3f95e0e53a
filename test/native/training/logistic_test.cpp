// Gradients against finite differences, and where fits end.
#include "training/logistic.h"

#include "check.h"

using namespace bigtransfer;
using namespace bigtransfer::training;

namespace {

constexpr int64_t kCount = 60;
constexpr int64_t kWidth = 5;
constexpr int64_t kOutputs = 3;

void nothing() {}

FeatureRows some_features() {
  at::manual_seed(1);
  const at::Tensor scales = at::tensor({1.0, 100.0, 0.01, 3.0, 1.0}, at::kFloat);
  FeatureRows features(at::arange(kCount, at::kLong).remainder(4), kWidth);
  features.put(0, at::randn({kCount, kWidth}) * scales + 5 * scales);
  features.measure();
  return features;
}

at::Tensor targets_of(model::ProblemType problem) {
  const at::Tensor classes =
      at::arange(kCount, at::kLong).mul(7).div(3, "floor").remainder(kOutputs);
  if (problem == model::ProblemType::kSingleLabel) return classes;
  return at::stack({classes == 0, classes != 1, classes == 2}, 1).to(at::kDouble);
}

LogisticProblem problem_of(FeatureRows& features, const at::Tensor& targets,
                           model::ProblemType problem, double strength) {
  return {.features = features,
          .ranges = features.without(2),
          .targets = targets,
          .problem = problem,
          .outputs = kOutputs,
          .strength = strength};
}

constexpr model::ProblemType kProblems[] = {model::ProblemType::kSingleLabel,
                                            model::ProblemType::kMultiLabel};

}  // namespace

TEST("gradients are those of finite differences") {
  for (const model::ProblemType kind : kProblems) {
    FeatureRows features = some_features();
    const at::Tensor targets = targets_of(kind);
    const LogisticProblem problem = problem_of(features, targets, kind, 0.1);
    const Linear at_place{at::randn({kOutputs, kWidth}, at::kDouble),
                          at::randn({kOutputs}, at::kDouble)};
    const Linear gradient = logistic_slope(problem, at_place).gradient;
    constexpr double kStep = 1e-6;
    const auto difference = [&](at::Tensor number) {
      number += kStep;
      const double above = logistic_slope(problem, at_place).value;
      number -= 2 * kStep;
      const double below = logistic_slope(problem, at_place).value;
      number += kStep;
      return (above - below) / (2 * kStep);
    };
    for (int64_t i = 0; i < kOutputs; ++i) {
      const double bias = difference(at_place.bias[i]) - gradient.bias[i].item<double>();
      EXPECT(std::abs(bias) < 1e-7);
      for (int64_t j = 0; j < kWidth; ++j) {
        const double found = difference(at_place.weight[i][j]);
        EXPECT(std::abs(found - gradient.weight[i][j].item<double>()) < 1e-7);
      }
    }
  }
}

TEST("the value is the mean loss and the penalty") {
  FeatureRows features = some_features();
  const at::Tensor targets = targets_of(model::ProblemType::kSingleLabel);
  const LogisticProblem problem =
      problem_of(features, targets, model::ProblemType::kSingleLabel, 0.5);
  Linear linear = zero_linear(kOutputs, kWidth);
  EXPECT(std::abs(logistic_slope(problem, linear).value - std::log(3.0)) < 1e-12);
  linear.bias[0] = 2;
  linear.weight[1][0] = 0;
  const double shares = std::exp(2.0) + 2;
  double expected = 0;
  for (const auto& [begin, end] : problem.ranges)
    for (int64_t i = begin; i < end; ++i)
      expected += std::log(shares) - (targets[i].item<int64_t>() == 0 ? 2 : 0);
  expected /= static_cast<double>(count_of(problem.ranges));
  EXPECT(std::abs(logistic_slope(problem, linear).value - expected) < 1e-12);
}

TEST("fits end where the gradient is zero, from wherever they begin") {
  for (const model::ProblemType kind : kProblems) {
    FeatureRows features = some_features();
    const at::Tensor targets = targets_of(kind);
    for (const double strength : {10.0, 1e-2, 1e-5}) {
      const LogisticProblem problem = problem_of(features, targets, kind, strength);
      const LogisticFit fit = fit_logistic(problem, zero_linear(kOutputs, kWidth), 1e-14, nothing);
      EXPECT(logistic_slope(problem, fit.linear).gradient.weight.norm().item<double>() < 1e-6);
      const Linear far{at::randn({kOutputs, kWidth}, at::kDouble),
                       at::zeros({kOutputs}, at::kDouble)};
      const LogisticFit other = fit_logistic(problem, far, 1e-14, nothing);
      EXPECT(at::allclose(fit.linear.weight, other.linear.weight, 1e-3, 1e-4));
    }
  }
}

TEST("a fit ends when it is told to") {
  FeatureRows features = some_features();
  const at::Tensor targets = targets_of(model::ProblemType::kMultiLabel);
  const LogisticProblem problem =
      problem_of(features, targets, model::ProblemType::kMultiLabel, 1e-3);
  int passes = 0;
  bool has_thrown = false;
  try {
    fit_logistic(problem, zero_linear(kOutputs, kWidth), 1e-14, [&] {
      if (++passes == 4) throw std::runtime_error("enough");
    });
  } catch (const std::runtime_error&) {
    has_thrown = true;
  }
  EXPECT(has_thrown && passes == 4);
}

// Loss and gradient in one pass over the rows, for L-BFGS.
#include "training/logistic.h"

#include <algorithm>
#include <cmath>

#include "training/lbfgs.h"

namespace bigtransfer::training {
namespace {

constexpr int kMostIterations = 2000;
/// How much the loss curves by biases, which no strength holds, at the least: probabilities of 1 %
/// and 99 %.
constexpr double kLeastCurvature = 0.01;

/// Weights and bias as one list of numbers, and back as views of it.
at::Tensor joined(const Linear& linear) { return at::cat({linear.weight.flatten(), linear.bias}); }

Linear parted(const at::Tensor& numbers, int64_t outputs) {
  const int64_t weights = numbers.size(0) - outputs;
  return {numbers.slice(0, 0, weights).view({outputs, -1}), numbers.slice(0, weights)};
}

/// Of the loss by the outputs, [n, outputs].
at::Tensor errors_of(const at::Tensor& outputs, const at::Tensor& targets,
                     model::ProblemType problem) {
  if (problem == model::ProblemType::kMultiLabel) return at::sigmoid(outputs).sub_(targets);
  at::Tensor errors = at::softmax(outputs, 1);
  const at::Tensor minus_one = at::full({1, 1}, -1, errors.options()).expand({targets.size(0), 1});
  return errors.scatter_add_(1, targets.unsqueeze(1), minus_one);
}

}  // namespace

Linear zero_linear(int64_t outputs, int64_t width) {
  return {at::zeros({outputs, width}, at::kDouble), at::zeros({outputs}, at::kDouble)};
}

LogisticSlope logistic_slope(const LogisticProblem& problem, const Linear& linear) {
  const FeatureRows& features = problem.features;
  const Linear plain = unstandardised(linear, features);
  double loss = 0;
  Linear sums = zero_linear(problem.outputs, features.width());
  problem.features.visit(problem.ranges, [&](const at::Tensor& rows, int64_t begin) {
    const at::Tensor outputs = outputs_of(plain, rows);
    const at::Tensor targets = problem.targets.slice(0, begin, begin + rows.size(0));
    loss += misses_of(outputs, targets, problem.problem).loss;
    const at::Tensor errors = errors_of(outputs, targets, problem.problem);
    sums.weight.addmm_(errors.t(), rows);
    sums.bias += errors.sum(0);
  });
  const auto count = static_cast<double>(count_of(problem.ranges));
  const at::Tensor centred = sums.weight - at::outer(sums.bias, features.mean());
  const double penalty = problem.strength / 2 * linear.weight.square().sum().item<double>();
  return {.value = loss / count + penalty,
          .gradient = {centred / features.deviation() / count + problem.strength * linear.weight,
                       sums.bias / count}};
}

LogisticFit fit_logistic(const LogisticProblem& problem, const Linear& start, double gap,
                         const std::function<void()>& between) {
  const auto slope = [&](const at::Tensor& place) {
    between();
    const LogisticSlope found = logistic_slope(problem, parted(place, problem.outputs));
    return Slope{found.value, joined(found.gradient)};
  };
  // A function that curves by λ at least is no more than |gradient|² / 2λ above its least.
  const double curvature = std::min(problem.strength, kLeastCurvature);
  const LbfgsLimits limits{.gradient = std::sqrt(2 * curvature * gap),
                           .iterations = kMostIterations};
  const Minimum minimum = minimise(slope, joined(start), limits);
  return {parted(minimum.place, problem.outputs), minimum.iterations};
}

}  // namespace bigtransfer::training

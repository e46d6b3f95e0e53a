// Functions whose least places are known.
#include "training/lbfgs.h"

#include <cmath>
#include <limits>

#include "check.h"

using namespace bigtransfer::training;

namespace {

constexpr LbfgsLimits kTight{.gradient = 1e-10, .iterations = 1000};

at::Tensor numbers(std::vector<double> values) { return at::tensor(values, at::kDouble); }

double distance(const at::Tensor& a, const at::Tensor& b) { return (a - b).norm().item<double>(); }

/// Rosenbrock's valley: the least is 0 at (1, 1).
Slope rosenbrock(const at::Tensor& place) {
  const double x = place[0].item<double>();
  const double y = place[1].item<double>();
  const double across = y - x * x;
  return {(1 - x) * (1 - x) + 100 * across * across,
          numbers({-2 * (1 - x) - 400 * x * across, 200 * across})};
}

/// 1/2 (x − 3)ᵀ D (x − 3), steeper a thousand times in one direction than in another.
Slope bowl(const at::Tensor& place) {
  const at::Tensor scales = at::logspace(-2, 1, place.numel(), 10, at::kDouble);
  const at::Tensor off = place - 3;
  return {(scales * off.square()).sum().item<double>() / 2, scales * off};
}

}  // namespace

TEST("a curved valley is followed to its end") {
  const Minimum minimum = minimise(rosenbrock, numbers({-1.2, 1}), kTight);
  EXPECT(distance(minimum.place, numbers({1, 1})) < 1e-8);
  EXPECT(minimum.value < 1e-16);
  EXPECT(minimum.iterations > 10 && minimum.iterations < 100);
}

TEST("badly scaled directions are found by their curvature") {
  const at::Tensor start = at::zeros({30}, at::kDouble);
  const Minimum minimum = minimise(bowl, start, kTight);
  EXPECT(distance(minimum.place, at::full({30}, 3, at::kDouble)) < 1e-6);
  EXPECT(start.abs().sum().item<double>() == 0);
}

TEST("nothing is done at the least place") {
  const Minimum minimum = minimise(bowl, at::full({4}, 3, at::kDouble), kTight);
  EXPECT(minimum.iterations == 0);
  EXPECT(minimum.value == 0);
}

TEST("steps end where there are no more of them") {
  const LbfgsLimits limits{.gradient = 0, .iterations = 3};
  EXPECT(minimise(rosenbrock, numbers({-1.2, 1}), limits).iterations == 3);
}

TEST("rounding ends a descent that asks for more than there is") {
  const LbfgsLimits limits{.gradient = 0, .iterations = 100000};
  const Minimum minimum = minimise(bowl, at::zeros({5}, at::kDouble), limits);
  EXPECT(minimum.iterations < 1000);
  EXPECT(minimum.value < 1e-20);
}

TEST("places without a value are stepped back from") {
  // −log(x) + x, least at 1; the first step from far away lands below zero.
  const auto barrier = [](const at::Tensor& place) {
    const double x = place[0].item<double>();
    const double value = x > 0 ? x - std::log(x) : std::numeric_limits<double>::quiet_NaN();
    return Slope{value, numbers({1 - 1 / x})};
  };
  const Minimum minimum = minimise(barrier, numbers({0.5}), kTight);
  EXPECT(distance(minimum.place, numbers({1})) < 1e-8);
  EXPECT(distance(minimise(barrier, numbers({1e-3}), kTight).place, numbers({1})) < 1e-8);
}

TEST("the same bits come out each time") {
  const Minimum first = minimise(rosenbrock, numbers({-1.2, 1}), kTight);
  const Minimum second = minimise(rosenbrock, numbers({-1.2, 1}), kTight);
  EXPECT(at::equal(first.place, second.place));
}

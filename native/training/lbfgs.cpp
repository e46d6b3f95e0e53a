// The two-loop recursion, and a line search for the weak Wolfe conditions.
#include "training/lbfgs.h"

#include <cmath>
#include <deque>
#include <limits>
#include <optional>

namespace bigtransfer::training {
namespace {

/// Steps that are remembered.
constexpr size_t kMemory = 10;
/// Of the conditions of Wolfe: sufficient decrease, and curvature (Nocedal and Wright,
/// section 3.1).
constexpr double kDecrease = 1e-4;
constexpr double kCurvature = 0.9;
constexpr int kMostTrials = 40;
/// Of a value that is a sum of many: what differs by less does not differ.
constexpr double kRounding = 1e-15;

double product_of(const at::Tensor& a, const at::Tensor& b) {
  return at::dot(a.flatten(), b.flatten()).item<double>();
}

/// A step that was taken, by which the curvature is known.
struct Pair {
  at::Tensor step;
  at::Tensor change;
  /// Of their product.
  double inverse;
};

/// The gradient times what is known of the inverse Hessian, downwards.
at::Tensor direction_of(const at::Tensor& gradient, const std::deque<Pair>& pairs) {
  at::Tensor direction = -gradient;
  std::vector<double> shares(pairs.size());
  for (size_t i = pairs.size(); i-- > 0;) {
    shares[i] = pairs[i].inverse * product_of(pairs[i].step, direction);
    direction.add_(pairs[i].change, -shares[i]);
  }
  if (!pairs.empty()) {
    const Pair& last = pairs.back();
    direction.mul_(1 / (last.inverse * product_of(last.change, last.change)));
  }
  for (size_t i = 0; i < pairs.size(); ++i) {
    const double share = pairs[i].inverse * product_of(pairs[i].change, direction);
    direction.add_(pairs[i].step, shares[i] - share);
  }
  return direction;
}

struct Point {
  at::Tensor place;
  Slope slope;
};

/// The first place on the way that is low and flat enough, by doubling and halving; none where
/// rounding hides the descent.
std::optional<Point> search(const Objective& objective, const Point& from,
                            const at::Tensor& direction, double step) {
  const double steepness = product_of(from.slope.gradient, direction);
  if (!(steepness < 0)) return std::nullopt;
  const double slack = kRounding * std::abs(from.slope.value);
  double low = 0;
  double high = std::numeric_limits<double>::infinity();
  for (int trial = 0; trial < kMostTrials; ++trial) {
    const at::Tensor place = from.place + step * direction;
    Slope slope = objective(place);
    const double most = from.slope.value + kDecrease * step * steepness + slack;
    if (!(slope.value <= most))
      high = step;
    else if (product_of(slope.gradient, direction) < kCurvature * steepness)
      low = step;
    else
      return Point{place, std::move(slope)};
    step = std::isfinite(high) ? (low + high) / 2 : 2 * step;
  }
  return std::nullopt;
}

void remember(std::deque<Pair>& pairs, const Point& before, const Point& after) {
  at::Tensor step = after.place - before.place;
  at::Tensor change = after.slope.gradient - before.slope.gradient;
  const double product = product_of(step, change);
  // By the curvature's condition it is positive; rounding may have it otherwise.
  if (!(product > 0)) return;
  if (pairs.size() == kMemory) pairs.pop_front();
  pairs.push_back({std::move(step), std::move(change), 1 / product});
}

}  // namespace

Minimum minimise(const Objective& objective, const at::Tensor& start, const LbfgsLimits& limits) {
  Point here{start, objective(start)};
  std::deque<Pair> pairs;
  int taken = 0;
  for (; taken < limits.iterations; ++taken) {
    const double length = std::sqrt(product_of(here.slope.gradient, here.slope.gradient));
    if (length <= limits.gradient) break;
    const at::Tensor direction = direction_of(here.slope.gradient, pairs);
    // Nothing is known of the scale at first.
    const double step = pairs.empty() ? std::min(1.0, 1 / length) : 1;
    std::optional<Point> next = search(objective, here, direction, step);
    if (!next) break;
    remember(pairs, here, *next);
    here = std::move(*next);
  }
  return {here.place, here.slope.value, taken};
}

}  // namespace bigtransfer::training

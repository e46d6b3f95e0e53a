// Both systems against the normal equations of the whole, features and bias together.
#include "training/ridge.h"

#include "check.h"

using namespace bigtransfer;
using namespace bigtransfer::training;

namespace {

/// By least squares over rows that hold the penalty as well.
Linear expected(const at::Tensor& standardised, const at::Tensor& targets, double alpha) {
  const int64_t width = standardised.size(1);
  const at::Tensor ones = at::ones({standardised.size(0), 1}, at::kDouble);
  const at::Tensor penalty = at::cat(
      {std::sqrt(alpha) * at::eye(width, at::kDouble), at::zeros({width, 1}, at::kDouble)}, 1);
  const at::Tensor rows = at::cat({at::cat({standardised, ones}, 1), penalty});
  const at::Tensor right = at::cat({targets, at::zeros({width, targets.size(1)}, at::kDouble)});
  const at::Tensor found = at::linalg_solve(at::mm(rows.t(), rows), at::mm(rows.t(), right));
  return {found.slice(0, 0, width).t(), found[width]};
}

}  // namespace

TEST("few and many examples give what least squares give") {
  at::manual_seed(2);
  for (const int64_t count : {30, 12, 5000}) {
    constexpr int64_t kWidth = 20;
    const at::Tensor values = at::randn({count, kWidth}) * 3 + 4;
    const at::Tensor targets = at::randn({count, 2}, at::kDouble) + 1;
    FeatureRows features(at::arange(count, at::kLong).remainder(3), kWidth);
    features.put(0, values);
    features.measure();
    const at::Tensor arranged = features.arranged(targets);
    const at::Tensor standardised =
        (features.arranged(values).to(at::kDouble) - features.mean()) / features.deviation();
    const RowRange middle = features.of(1);
    const auto rest = [&](const at::Tensor& all) {
      return at::cat({all.slice(0, 0, middle.begin), all.slice(0, middle.end)});
    };
    const Ridge ridge(features, features.without(1), arranged);
    const auto size = static_cast<double>(count_of(features.without(1)));
    for (const double strength : {1e-4, 1.0, 100.0}) {
      const Linear found = ridge.solve(features, strength);
      const Linear wanted = expected(rest(standardised), rest(arranged), strength * size);
      EXPECT(at::allclose(found.weight, wanted.weight, 1e-6, 1e-9));
      EXPECT(at::allclose(found.bias, wanted.bias, 1e-6, 1e-9));
    }
  }
}

// Order, blocks, means and deviations.
#include "training/feature_rows.h"

#include <cmath>
#include <limits>

#include "check.h"
#include "common/error.h"

using namespace bigtransfer;
using namespace bigtransfer::training;

namespace {

at::Tensor folds(std::vector<int64_t> values) { return at::tensor(values, at::kLong); }

/// Row i is (i, 10 i, 7).
at::Tensor rows_of(int64_t begin, int64_t end) {
  const at::Tensor numbers = at::arange(begin, end, at::kFloat);
  return at::stack({numbers, 10 * numbers, at::full_like(numbers, 7)}, 1);
}

std::vector<int64_t> seen(FeatureRows& features, const RowRanges& ranges) {
  std::vector<int64_t> numbers;
  features.visit(ranges, [&](const at::Tensor& rows, int64_t) {
    for (int64_t i = 0; i < rows.size(0); ++i)
      numbers.push_back(static_cast<int64_t>(rows[i][0].item<double>()));
  });
  return numbers;
}

}  // namespace

TEST("folds are ranges, in the order that examples have") {
  FeatureRows features(folds({1, 0, -1, 1, 0, 2}), 3);
  features.put(4, rows_of(4, 6));
  features.put(0, rows_of(0, 4));
  features.measure();
  EXPECT((seen(features, features.all()) == std::vector<int64_t>{2, 1, 4, 0, 3, 5}));
  EXPECT((seen(features, {features.of(0)}) == std::vector<int64_t>{1, 4}));
  EXPECT((seen(features, features.without(1)) == std::vector<int64_t>{2, 1, 4, 5}));
  EXPECT((seen(features, features.without(2)) == std::vector<int64_t>{2, 1, 4, 0, 3}));
  EXPECT(count_of(features.without(0)) == 4);
  EXPECT(features.of(9).begin == features.of(9).end);
  EXPECT(
      at::equal(features.arranged(folds({0, 10, 20, 30, 40, 50})), folds({20, 10, 40, 0, 30, 50})));
}

TEST("columns have a mean and a deviation, which is 1 of what is the same everywhere") {
  FeatureRows features(folds({0, 1, 0, 1}), 3);
  features.put(0, rows_of(0, 4));
  features.measure();
  EXPECT(at::allclose(features.mean(), at::tensor({1.5, 15.0, 7.0}, at::kDouble)));
  const double deviation = std::sqrt(1.25);
  EXPECT(at::allclose(features.deviation(),
                      at::tensor({deviation, 10 * deviation, 1.0}, at::kDouble)));
}

TEST("many rows come in blocks, as they are, whether they are kept in float64 or not") {
  // Beyond what is kept in float64: 2^28 bytes.
  for (const int64_t width : {5, 7000}) {
    constexpr int64_t kCount = 5000;
    const at::Tensor values = at::randn({kCount, width}, at::kFloat);
    FeatureRows features(at::arange(kCount, at::kLong).remainder(3), width);
    features.put(0, values);
    features.measure();
    const at::Tensor arranged = features.arranged(values);
    int64_t count = 0;
    features.visit(features.without(1), [&](const at::Tensor& rows, int64_t begin) {
      EXPECT(rows.size(0) <= 2048);
      EXPECT(at::equal(rows, arranged.slice(0, begin, begin + rows.size(0)).to(at::kDouble)));
      count += rows.size(0);
    });
    EXPECT(count == count_of(features.without(1)));
    EXPECT(at::allclose(features.mean(), values.to(at::kDouble).mean(0), 1e-12, 1e-12));
    EXPECT(at::allclose(features.deviation(), values.to(at::kDouble).std(0, false), 1e-10));
  }
}

TEST("what does not fit is refused") {
  FeatureRows features(folds({0, 1, 0}), 3);
  EXPECT_THROWS(features.put(1, rows_of(0, 3)), ErrorCode::kShape, "Expected features of 3 x 3");
  EXPECT_THROWS(features.put(0, at::zeros({1, 2})), ErrorCode::kShape,
                "Expected features of 3 x 3");
  const at::Tensor bad = at::full({1, 3}, std::numeric_limits<float>::infinity());
  EXPECT_THROWS(features.put(0, bad), ErrorCode::kShape, "not finite");
  features.put(0, rows_of(0, 2));
  EXPECT_THROWS(features.measure(), ErrorCode::kShape, "of 3 examples but received 2");
}

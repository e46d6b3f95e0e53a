// Weight standardisation against its definition, written out in double precision.
#include "ops/standardize_weight.h"

#include "check.h"
#include "common/error.h"

using namespace bigtransfer;

TEST("standardize_weight: mean, biased variance and epsilon by definition") {
  at::manual_seed(1);
  for (const auto& shape : {std::vector<int64_t>{8, 3, 7, 7}, {5, 16, 1, 1}, {2, 4, 3, 3}}) {
    const at::Tensor weight = at::randn(shape, at::kFloat) * 0.1 + 0.03;
    const at::Tensor rows = weight.to(at::kDouble).flatten(1);
    const at::Tensor centred = rows - rows.mean(1, true);
    const at::Tensor variance = centred.pow(2).mean(1, true);
    const at::Tensor expected = centred / (variance + ops::kWeightStandardizationEps).sqrt();
    const at::Tensor actual = ops::standardize_weight(weight);
    EXPECT(actual.sizes() == weight.sizes());
    EXPECT(at::allclose(actual.to(at::kDouble).flatten(1), expected, 1e-5, 1e-5));
  }
}

TEST("standardize_weight: a constant kernel becomes zeros, not NaN") {
  const at::Tensor actual = ops::standardize_weight(at::full({2, 3, 3, 3}, 0.5));
  EXPECT(at::equal(actual, at::zeros_like(actual)));
}

TEST("standardize_weight: refuses what is no kernel") {
  EXPECT_THROWS(ops::standardize_weight(at::ones({3, 3})), ErrorCode::kShape, "kernel");
  EXPECT_THROWS(ops::standardize_weight(at::ones({0, 3, 1, 1})), ErrorCode::kShape, "empty");
}

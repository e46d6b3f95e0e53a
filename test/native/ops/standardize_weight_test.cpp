// Weight standardisation against its definition, written out in double precision.
#include "ops/standardize_weight.h"

#include <algorithm>

#include "check.h"
#include "common/error.h"
#include "support/tested_kernels.h"

using namespace bigtransfer;

TEST("standardize_weight: mean, biased variance and epsilon by definition") {
  at::manual_seed(1);
  // The last one is so small that epsilon is most of its variance.
  for (const auto& [shape, spread] : std::vector<std::pair<std::vector<int64_t>, double>>{
           {{8, 3, 7, 7}, 0.1}, {{5, 16, 1, 1}, 0.1}, {{2, 4, 3, 3}, 0.1}, {{5, 16, 3, 3}, 3e-5}}) {
    const at::Tensor weight = at::randn(shape, at::kFloat) * spread + spread / 3;
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

TEST("channel_scaling: the bits of standardize_weight") {
  at::manual_seed(2);
  for (const auto& shape :
       {std::vector<int64_t>{64, 3, 7, 7}, {96, 64, 3, 3}, {128, 2048, 1, 1}, {7, 1, 1, 1}}) {
    for (const auto& [mean, spread] :
         {std::pair{0.0, 0.02}, {0.01, 0.02}, {3.0, 0.02}, {0.0, 3e-5}}) {
      const at::Tensor weight = at::randn(shape) * spread + mean * at::randn({shape[0], 1, 1, 1});
      const at::Tensor expected = ops::standardize_weight(weight).flatten(1);
      const at::Tensor rows = weight.flatten(1).contiguous();
      at::Tensor actual = at::empty_like(rows);
      const int64_t count = rows.size(1);
      for (int64_t o = 0; o < shape[0]; ++o) {
        const float* from = rows[o].const_data_ptr<float>();
        std::transform(from, from + count, actual[o].mutable_data_ptr<float>(),
                       ops::channel_scaling(from, count));
      }
      EXPECT(at::equal(actual, expected));
    }
  }
}

TEST("standardize_weight_gradient: against autograd of the plain operator in double") {
  at::manual_seed(3);
  for (const auto& shape : {std::vector<int64_t>{8, 3, 7, 7}, {5, 300, 1, 1}, {6, 37, 3, 3}}) {
    const at::Tensor weight = at::randn(shape) * 0.05 + 0.02;
    const at::Tensor gradient = at::randn(shape);
    const at::Tensor leaf = weight.to(at::kDouble).set_requires_grad(true);
    ops::standardize_weight(leaf).backward(gradient.to(at::kDouble));
    for (const ops::Kernels& kernels : test::tested_kernels()) {
      const at::Tensor made =
          ops::standardize_weight_gradient(kernels, weight, ops::channel_scalings(weight),
                                           gradient.flatten(2).permute({2, 0, 1}).contiguous());
      EXPECT(made.sizes() == weight.sizes());
      EXPECT((made - leaf.grad()).abs().max().item<double>() <
             2e-6 * leaf.grad().abs().max().item<double>());
    }
  }
}

// Group norm + activation against its definition, over groups, shapes and memory layouts.
#include "ops/group_norm_act.h"

#include "check.h"
#include "common/error.h"

using namespace bigtransfer;

namespace {

at::Tensor by_definition(const at::Tensor& x, const ops::GroupNormAct& norm) {
  const at::Tensor groups = x.to(at::kDouble).contiguous().view({x.size(0), norm.groups, -1});
  const at::Tensor mean = groups.mean(2, true);
  const at::Tensor variance = (groups - mean).pow(2).mean(2, true);
  const at::Tensor normed =
      ((groups - mean) / (variance + ops::kGroupNormEps).sqrt()).view(x.sizes());
  return (normed * norm.weight.view({1, -1, 1, 1}) + norm.bias.view({1, -1, 1, 1})).relu();
}

}  // namespace

TEST("group_norm_act: by definition, over groups x shape x layout") {
  at::manual_seed(2);
  for (const int64_t groups : {1, 4, 32}) {
    for (const auto& size : {std::pair<int64_t, int64_t>{1, 1}, {7, 5}, {16, 16}}) {
      for (const auto layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
        const at::Tensor x =
            (at::randn({2, 64, size.first, size.second}) * 3 + 1).contiguous(layout);
        const ops::GroupNormAct norm{groups, at::randn({64}), at::randn({64}),
                                     ops::Activation{"relu", {}}};
        const at::Tensor actual = ops::group_norm_act(x, norm);
        EXPECT(at::allclose(actual.to(at::kDouble), by_definition(x, norm), 1e-4, 1e-4));
      }
    }
  }
}

TEST("group_norm_act: values so small that epsilon is most of the variance") {
  const ops::GroupNormAct norm{4, at::rand({64}) + 0.5, at::randn({64}),
                               ops::Activation{"relu", {}}};
  const at::Tensor x = at::randn({2, 64, 7, 5}) * 1e-3;
  EXPECT(at::allclose(ops::group_norm_act(x, norm).to(at::kDouble), by_definition(x, norm), 1e-5,
                      1e-5));
}

TEST("group_norm_act: without an activation negatives stay") {
  const ops::GroupNormAct norm{2, at::ones({4}), at::zeros({4}), {}};
  EXPECT(ops::group_norm_act(at::randn({1, 4, 3, 3}), norm).min().item<float>() < 0);
}

TEST("group_norm_act: refuses other channels than the weight's") {
  const ops::GroupNormAct norm{2, at::ones({4}), at::zeros({4}), {}};
  EXPECT_THROWS(ops::group_norm_act(at::ones({1, 6, 3, 3}), norm), ErrorCode::kShape, "4 channels");
}

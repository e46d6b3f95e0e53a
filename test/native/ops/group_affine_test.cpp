// Group norm from channel sums against ATen's in double precision, where sums of squares are enough
// and where they are not.
#include "ops/group_affine.h"

#include <limits>
#include <vector>

#include "check.h"
#include "ops/group_norm_act.h"

using namespace bigtransfer;
using namespace bigtransfer::ops;

namespace {

constexpr int64_t kChannels = 8;
constexpr int64_t kGroups = 2;
constexpr ImageShape kShape{5, 3, kChannels, kChannels};
constexpr double kTolerance = 1e-5;

/// `pixels`, [15, 8], normalised by group_affine from sums as the kernels make them, in float.
at::Tensor normalised(const at::Tensor& pixels, const at::Tensor& weight, const at::Tensor& bias) {
  const ChannelNorm norm(weight, bias, kGroups, kChannels);
  const at::Tensor sums = at::stack({pixels.sum(0), (pixels * pixels).sum(0)}).to(at::kDouble);
  std::vector<float> scale(kChannels);
  std::vector<float> shift(kChannels);
  group_affine(norm, pixels.const_data_ptr<float>(), kShape, sums.const_data_ptr<double>(),
               scale.data(), shift.data());
  const auto row = [](std::vector<float>& values) {
    return at::from_blob(values.data(), {kChannels}, at::kFloat).to(at::kDouble);
  };
  return pixels.to(at::kDouble) * row(scale) + row(shift);
}

void check(const at::Tensor& pixels) {
  const at::Tensor weight = at::rand({kChannels}) + 0.5;
  const at::Tensor bias = at::randn({kChannels});
  const at::Tensor image = pixels.to(at::kDouble).t().reshape({1, kChannels, 5, 3});
  const at::Tensor expected =
      at::group_norm(image, kGroups, weight.to(at::kDouble), bias.to(at::kDouble), kGroupNormEps);
  const at::Tensor ours = normalised(pixels, weight, bias).t().reshape({1, kChannels, 5, 3});
  EXPECT((ours - expected).abs().max().item<double>() <
         kTolerance * expected.abs().max().item<double>());
}

}  // namespace

TEST("group_affine: by definition") { check(at::randn({15, kChannels})); }

TEST("group_affine: a mean that hides the variance in sums of squares") {
  check(at::randn({15, kChannels}) + 100);
}

TEST("group_affine: values so small that epsilon is most of the variance, and no variance at all") {
  check(at::randn({15, kChannels}) * 1e-3);
  check(at::full({15, kChannels}, 0.5F));
}

TEST("group_affine: squares beyond the range of float") {
  check(at::randn({15, kChannels}) * 1e25);
}

TEST("group_affine: an infinite value makes its group NaN, as PyTorch does, and leaves the other") {
  at::Tensor pixels = at::randn({15, kChannels});
  pixels[7][1] = std::numeric_limits<float>::infinity();
  const at::Tensor ours = normalised(pixels, at::ones({kChannels}), at::zeros({kChannels}));
  EXPECT(ours.narrow(1, 0, kChannels / kGroups).isnan().all().item<bool>());
  EXPECT(ours.narrow(1, kChannels / kGroups, kChannels / kGroups).isfinite().all().item<bool>());
}

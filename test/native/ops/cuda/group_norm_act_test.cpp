// The GPU's norms against ATen's in double precision.
#include "ops/cuda/group_norm_act.h"

#include <ATen/ATen.h>

#include <vector>

#include "card.h"
#include "check.h"
#include "common/error.h"
#include "norm_shapes.h"

using namespace bigtransfer;
using namespace bigtransfer::ops::cuda;
using namespace bigtransfer::test;

namespace {

/// Widths of packs and without, groups within and beyond a pack, pixels that are no multiple of
/// anything, a single one, and more channels than a block takes.
const std::vector<Shape> kShapes = {{2, 49, 64, 32},   {3, 300, 64, 32}, {1, 35, 40, 8},
                                    {2, 7, 6, 3},      {1, 1, 16, 4},    {1, 1001, 32, 4},
                                    {1, 9, 1040, 4},   {1, 500, 96, 1},  {2, 64, 256, 32},
                                    {1, 130, 4160, 1}, {5, 3, 24, 24}};

double tolerance_of(at::ScalarType type) {
  if (type == at::kFloat) return 2e-6;
  return type == at::kHalf ? 2e-3 : 1.6e-2;
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  const double largest = std::max(b.abs().max().item<double>(), 1.0);
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>() / largest;
}

struct NormCase {
  Shape shape;
  at::ScalarType type;
  bool residual;
  bool relu;
  /// Of the values, which are about 1 apart.
  double mean;
  at::ScalarType y_type = type;
};

at::Tensor plain(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                 const NormCase& tested) {
  const at::Tensor images = x.to(at::kDouble).transpose(1, 2);
  at::Tensor y = at::group_norm(images, tested.shape.groups, weight.to(at::kDouble),
                                bias.to(at::kDouble), kEpsilon);
  if (tested.relu) y = y.relu();
  return y.transpose(1, 2);
}

/// In float32 whatever the images are.
void expect_moments(const at::Tensor& moments, const at::Tensor& x, const NormCase& tested) {
  const auto& [images, pixels, channels, groups] = tested.shape;
  const at::Tensor values = x.to(at::kDouble)
                                .reshape({images, pixels, groups, channels / groups})
                                .transpose(1, 2)
                                .reshape({images, groups, -1});
  const double tolerance = 2e-6 * (1 + tested.mean);
  const at::Tensor deviation = values.var(2, /*unbiased=*/false).add(kEpsilon).rsqrt();
  EXPECT(difference(moments.select(2, 0), values.mean(2)) < tolerance);
  EXPECT(difference(moments.select(2, 1), deviation) < tolerance);
}

void expect_like_plain(const NormCase& tested, const DeviceLimits& limits, bool on_chip) {
  const auto& [images, pixels, channels, groups] = tested.shape;
  const auto random = [&] {
    return (at::randn({images, pixels, channels}) + tested.mean).to(tested.type);
  };
  const at::Tensor x = random();
  const at::Tensor residual = random();
  const at::Tensor weight = at::randn({channels}) + 1;
  const at::Tensor bias = at::randn({channels});
  const at::Tensor added =
      tested.residual ? (x.to(at::kFloat) + residual.to(at::kFloat)).to(tested.type) : x;
  const at::Tensor x_there = x.to(kCard);
  const at::Tensor residual_there = residual.to(kCard);
  const at::Tensor weight_there = weight.to(kCard);
  const at::Tensor bias_there = bias.to(kCard);
  at::Tensor sum = at::empty_like(x_there);
  at::Tensor y = at::empty_like(x_there, x_there.options().dtype(tested.y_type));
  at::Tensor mean = at::empty({images, channels}, y.options());
  at::Tensor moments = at::full({images, groups, 2}, NAN, weight_there.options());

  NormTask task{.type = tested.type,
                .y_type = tested.y_type,
                .images = images,
                .pixels = pixels,
                .channels = channels,
                .groups = groups,
                .x = x_there.const_data_ptr(),
                .residual = tested.residual ? residual_there.const_data_ptr() : nullptr,
                .sum = tested.residual ? sum.mutable_data_ptr() : nullptr,
                .weight = weight_there.const_data_ptr<float>(),
                .bias = bias_there.const_data_ptr<float>(),
                .epsilon = static_cast<float>(kEpsilon),
                .relu = tested.relu,
                .y = y.mutable_data_ptr(),
                .mean = nullptr,
                .moments = moments.mutable_data_ptr<float>()};
  const NormPlan plan = plan_norm(task, on_card(limits));
  if (plan.on_chip != on_chip) return;
  if (plan.on_chip) task.mean = mean.mutable_data_ptr();
  at::Tensor scratch = at::full({plan.scratch + 1}, NAN, at::TensorOptions().device(kCard));
  group_norm_act(task, plan, scratch.mutable_data_ptr<float>(), stream());

  const at::Tensor expected = plain(added, weight, bias, tested);
  const double tolerance = tolerance_of(tested.y_type) * (1 + tested.mean);
  if (tested.residual) EXPECT(sum.cpu().equal(added));
  EXPECT(difference(y.cpu(), expected) < tolerance);
  if (plan.on_chip) EXPECT(difference(mean.cpu(), expected.mean(1)) < tolerance);
  expect_moments(moments.cpu(), added, tested);
}

void expect_all(const DeviceLimits& limits, bool on_chip) {
  at::manual_seed(0);
  for (const Shape& shape : kShapes) {
    for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16}) {
      for (const bool residual : {false, true})
        expect_like_plain({shape, type, residual, !residual, 0.0}, limits, on_chip);
    }
    expect_like_plain({shape, at::kFloat, false, true, 100.0}, limits, on_chip);
    expect_like_plain({shape, at::kHalf, false, true, 0.0, at::kBFloat16}, limits, on_chip);
    expect_like_plain({shape, at::kHalf, true, true, 0.0, at::kBFloat16}, limits, on_chip);
  }
}

}  // namespace

TEST("cuda group_norm_act: slabs on the chip") {
  expect_all({.multiprocessors = 1, .shared_bytes = int64_t{1} << 30}, true);
  expect_all(kSmallDevice, true);
}

TEST("cuda group_norm_act: images in passes") {
  expect_all({.multiprocessors = 4, .shared_bytes = 0}, false);
  expect_all(kSmallDevice, false);
}

TEST("cuda group_norm_act: a result of another type than bfloat16 is refused") {
  NormTask task{};
  task.type = at::kBFloat16;
  task.y_type = at::kHalf;
  task.pixels = task.channels = task.groups = task.images = 1;
  const NormPlan plan{.on_chip = true, .tile = 1, .chunks = 0, .scratch = 0};
  EXPECT_THROWS(group_norm_act(task, plan, nullptr, stream()), ErrorCode::kDevice, "bfloat16");
}

TEST("cuda group_norm_act: few images take narrower slabs, many or large ones wider ones") {
  NormTask task{};
  task.type = at::kBFloat16;
  task.images = 256;
  task.pixels = 14 * 14;
  task.channels = 1024;
  task.groups = 32;
  const DeviceLimits limits{.multiprocessors = 132, .shared_bytes = 232448};
  EXPECT(plan_norm(task, limits).on_chip && plan_norm(task, limits).tile == 64);
  task.images = 1;
  EXPECT(plan_norm(task, limits).on_chip && plan_norm(task, limits).tile == 32);
  task.pixels = 112 * 112;
  task.channels = 64;
  const NormPlan plan = plan_norm(task, limits);
  EXPECT(!plan.on_chip && plan.chunks > 100 && plan.chunks <= 112 * 112 / 64);
  task.groups = 48;
  EXPECT_THROWS(plan_norm(task, limits), ErrorCode::kShape, "64 channels");
}

// The GPU's way back through norms against autograd's of the plain operator in double precision,
// and against differences of what it is the gradient of.
#include "ops/cuda/norm_gradient.h"

#include <ATen/ATen.h>

#include <array>
#include <vector>

#include "card.h"
#include "check.h"
#include "common/error.h"
#include "norm_shapes.h"

using namespace bigtransfer;
using namespace bigtransfer::ops::cuda;
using namespace bigtransfer::test;

namespace {

/// Devices that leave but one way for all images.
constexpr DeviceLimits kAllOnChip{.multiprocessors = 1, .shared_bytes = int64_t{1} << 30};
constexpr DeviceLimits kNoneOnChip{.multiprocessors = 4, .shared_bytes = 0};

/// Widths of packs and without, groups within and beyond a pack, pixels that are no multiple of
/// anything, a single one, more channels than a block takes, and more images than are added up at
/// once.
const std::vector<Shape> kShapes = {{2, 49, 64, 32}, {3, 300, 64, 32}, {1, 35, 40, 8},
                                    {2, 7, 6, 3},    {1, 1, 16, 4},    {1, 501, 32, 4},
                                    {1, 9, 1040, 4}, {1, 500, 96, 1},  {1, 130, 4160, 1},
                                    {19, 3, 24, 24}, {2, 4, 5, 1}};

struct Example {
  Shape shape;
  bool relu;
  /// Of a type that the GPU computes in, [images, pixels, channels].
  at::Tensor x;
  at::Tensor gradient;
  at::Tensor weight;
  at::Tensor bias;
};

/// Values are about 1 apart.
Example make(const Shape& shape, at::ScalarType type, bool relu, double mean = 0.2) {
  const auto random = [&](double by) {
    return (at::randn({shape.images, shape.pixels, shape.channels}) + by).to(type);
  };
  return {.shape = shape,
          .relu = relu,
          .x = random(mean),
          .gradient = random(0),
          .weight = at::randn({shape.channels}) + 1,
          .bias = at::randn({shape.channels})};
}

at::Tensor plain(const Example& e, const at::Tensor& x, const at::Tensor& weight,
                 const at::Tensor& bias) {
  const at::Tensor y = at::group_norm(x.transpose(1, 2), e.shape.groups, weight, bias, kEpsilon);
  return (e.relu ? y.relu() : y).transpose(1, 2);
}

/// Of x, of the weight and of the bias, as are ours().
std::array<at::Tensor, 3> expected_of(const Example& e) {
  std::array<at::Tensor, 3> leaves{e.x, e.weight, e.bias};
  for (at::Tensor& leaf : leaves)
    leaf = leaf.to(at::kDouble).detach().clone().set_requires_grad(true);
  plain(e, leaves[0], leaves[1], leaves[2]).backward(e.gradient.to(at::kDouble));
  for (at::Tensor& leaf : leaves) leaf = leaf.grad();
  return leaves;
}

/// [images, groups, 2], as the way there keeps them.
at::Tensor moments_of(const Example& e) {
  const auto& [images, pixels, channels, groups] = e.shape;
  const at::Tensor values = e.x.to(at::kDouble)
                                .reshape({images, pixels, groups, channels / groups})
                                .transpose(1, 2)
                                .reshape({images, groups, -1});
  const at::Tensor scale = values.var(2, /*unbiased=*/false).add(kEpsilon).rsqrt();
  return at::stack({values.mean(2), scale}, 2).to(at::kFloat).contiguous();
}

NormGradientTask task_of(const Shape& shape) {
  NormGradientTask task{};
  task.images = shape.images;
  task.pixels = shape.pixels;
  task.channels = shape.channels;
  task.groups = shape.groups;
  return task;
}

std::array<at::Tensor, 3> ours(const Example& e, const DeviceLimits& limits) {
  const std::array<at::Tensor, 4> there{e.x.to(kCard), moments_of(e).to(kCard), e.weight.to(kCard),
                                        e.bias.to(kCard)};
  // The gradient is led back where it is.
  const at::Tensor gradient = e.gradient.to(kCard).clone();
  const at::Tensor of_weight = at::full_like(there[2], NAN);
  const at::Tensor of_bias = at::full_like(there[2], NAN);
  NormGradientTask task = task_of(e.shape);
  task.type = e.x.scalar_type();
  task.x = there[0].const_data_ptr();
  task.moments = there[1].const_data_ptr<float>();
  task.weight = there[2].const_data_ptr<float>();
  task.bias = there[3].const_data_ptr<float>();
  task.relu = e.relu;
  task.gradient = gradient.const_data_ptr();
  task.x_gradient = gradient.mutable_data_ptr();
  task.weight_gradient = of_weight.mutable_data_ptr<float>();
  task.bias_gradient = of_bias.mutable_data_ptr<float>();
  const NormPlan plan = plan_norm_gradient(task, on_card(limits));
  // One more, which nobody may touch.
  const at::Tensor scratch = at::full({plan.scratch + 1}, NAN, there[2].options());
  norm_gradient(task, plan, scratch.mutable_data_ptr<float>(), stream());
  EXPECT(scratch[plan.scratch].isnan().item<bool>());
  return {gradient.cpu(), of_weight.cpu(), of_bias.cpu()};
}

double largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

/// Of x it is rounded to the type; sums are in float32.
double tolerance_of(at::ScalarType type) {
  if (type == at::kFloat) return 4e-6;
  return type == at::kHalf ? 1.0 / 2048 : 1.0 / 256;
}

void expect_near(const Example& e, const std::array<at::Tensor, 3>& made, double sums) {
  const auto expected = expected_of(e);
  const double of_x = tolerance_of(e.x.scalar_type()) + sums;
  for (size_t i = 0; i < made.size(); ++i) {
    EXPECT(made[i].sizes() == expected[i].sizes());
    const double error = largest(made[i].to(at::kDouble) - expected[i]);
    EXPECT(error <= (i == 0 ? of_x : sums) * (1 + largest(expected[i])));
  }
}

void expect_all(const DeviceLimits& limits) {
  at::manual_seed(1);
  for (const Shape& shape : kShapes) {
    for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16}) {
      for (const bool relu : {false, true}) {
        const Example e = make(shape, type, relu);
        expect_near(e, ours(e, limits), 4e-6);
      }
    }
    const Example far = make(shape, at::kFloat, /*relu=*/false, 100.0);
    expect_near(far, ours(far, limits), 2e-4);
  }
}

}  // namespace

TEST("cuda norm_gradient: slabs on the chip, against autograd in double") {
  expect_all(kAllOnChip);
}

TEST("cuda norm_gradient: images in passes, against autograd in double") {
  expect_all(kNoneOnChip);
}

TEST("cuda norm_gradient: both ways on a device with little room") { expect_all(kSmallDevice); }

TEST("cuda norm_gradient: against differences of the norm in double") {
  at::manual_seed(2);
  // So short that hardly a value crosses the edge of the ReLU.
  constexpr double kStep = 1e-7;
  for (const Shape& shape : {kShapes[0], kShapes[3], kShapes[8]}) {
    const Example e = make(shape, at::kFloat, /*relu=*/true);
    const std::array<at::Tensor, 3> at_point{e.x.to(at::kDouble), e.weight.to(at::kDouble),
                                             e.bias.to(at::kDouble)};
    const auto loss = [&](const std::array<at::Tensor, 3>& at) {
      return (plain(e, at[0], at[1], at[2]) * e.gradient.to(at::kDouble)).sum().item<double>();
    };
    const auto made = ours(e, kSmallDevice);
    for (size_t i = 0; i < made.size(); ++i) {
      const at::Tensor way = at::randn(at_point[i].sizes(), at::kDouble);
      auto above = at_point;
      auto below = at_point;
      above[i] = at_point[i] + kStep * way;
      below[i] = at_point[i] - kStep * way;
      const double expected = (loss(above) - loss(below)) / (2 * kStep);
      const double found = (made[i].to(at::kDouble) * way).sum().item<double>();
      const double length = made[i].to(at::kDouble).norm().item<double>();
      EXPECT(std::abs(found - expected) < 1e-4 * length);
    }
  }
}

TEST("cuda norm_gradient: groups whose values are all equal") {
  at::manual_seed(3);
  Example e = make({2, 50, 16, 4}, at::kFloat, /*relu=*/true);
  e.x.narrow(2, 4, 4).fill_(3);
  for (const DeviceLimits& limits : {kAllOnChip, kNoneOnChip}) {
    const auto made = ours(e, limits);
    const auto expected = expected_of(e);
    // One over the deviation is 316 there.
    for (size_t i = 0; i < made.size(); ++i)
      EXPECT(largest(made[i] - expected[i]) < 1e-6 * (1 + largest(expected[i])));
    EXPECT(largest(expected[0].narrow(2, 4, 4)) > 100);
  }
}

TEST("cuda norm_gradient: the same bits each time") {
  at::manual_seed(4);
  const Example e = make({19, 300, 64, 32}, at::kBFloat16, /*relu=*/true);
  for (const DeviceLimits& limits : {kAllOnChip, kNoneOnChip}) {
    const auto once = ours(e, limits);
    const auto again = ours(e, limits);
    for (size_t i = 0; i < once.size(); ++i) EXPECT(at::equal(once[i], again[i]));
  }
}

TEST("cuda norm_gradient: two maps share the chip; channels that are no groups are refused") {
  NormGradientTask task =
      task_of({.images = 128, .pixels = 14 * 14, .channels = 1024, .groups = 32});
  task.type = at::kBFloat16;
  const DeviceLimits limits{.multiprocessors = 132, .shared_bytes = 232448};
  const NormPlan small = plan_norm_gradient(task, limits);
  EXPECT(small.on_chip && small.tile == 64 && small.scratch == 128 * 2 * 1024);
  task.pixels = 56 * 56;
  const NormPlan large = plan_norm_gradient(task, limits);
  EXPECT(!large.on_chip && large.chunks >= 1);
  EXPECT(large.scratch == 128 * 2 * (1024 * (large.chunks + 1) + 32));
  task.groups = 48;
  EXPECT_THROWS(plan_norm_gradient(task, limits), ErrorCode::kShape, "1024 channels");
}

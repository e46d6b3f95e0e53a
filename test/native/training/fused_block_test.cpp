// Blocks on our own kernels against autograd of the plain operators in double precision.
#include "training/fused_block.h"

#include <array>
#include <vector>

#include "check.h"
#include "common/error.h"
#include "common/share_out.h"
#include "model/spec.h"
#include "ops/group_norm_act.h"
#include "ops/packed_conv.h"
#include "ops/same_padding.h"
#include "ops/standardize_weight.h"

using namespace bigtransfer;
using namespace bigtransfer::training;

namespace {

struct Layer {
  int64_t images;
  int64_t in;
  int64_t inner;
  int64_t out;
  int64_t height;
  int64_t width;
  int64_t groups;
  int64_t stride = 1;
  int64_t dilation = 1;
  bool same = false;
};

const std::vector<Layer> kLayers = {
    {2, 64, 32, 64, 9, 7, 32},
    {3, 64, 32, 128, 8, 8, 8, 2},
    {2, 32, 64, 96, 9, 11, 32, 2},
    {2, 32, 64, 96, 8, 9, 16, 2, 1, true},
    {1, 96, 32, 96, 12, 5, 1, 1, 2},
    {9, 128, 32, 128, 1, 1, 4},
    // Enough pixels for Winograd's larger tiles, in more images than are convolved together.
    {10, 64, 32, 64, 11, 10, 32},
    // As wide as those of R50x1, whose sums are long; in two groups on the way back.
    {7, 512, 128, 512, 28, 28, 32},
    {2, 1024, 512, 2048, 14, 14, 32, 2},
};

model::ConvSpec conv(int64_t in, int64_t out, int64_t kernel, const Layer& l) {
  const bool spatial = kernel > 1;
  return {.name = "conv",
          .in_channels = in,
          .out_channels = out,
          .kernel = kernel,
          .stride = spatial ? l.stride : 1,
          .dilation = spatial ? l.dilation : 1,
          .padding = spatial && !l.same ? l.dilation : 0,
          .same = l.same};
}

model::BlockSpec spec_of(const Layer& l) {
  model::BlockSpec spec{.convs = {conv(l.in, l.inner, 1, l), conv(l.inner, l.inner, 3, l),
                                  conv(l.inner, l.out, 1, l)},
                        .norms = {model::NormSpec{"norm", l.in, true},
                                  {"norm", l.inner, true},
                                  {"norm", l.inner, true}},
                        .downsample = {},
                        .downsample_norm = {},
                        .activation = {},
                        .drop_path_rate = 0};
  if (l.in != l.out || l.stride > 1) {
    spec.downsample = conv(l.in, l.out, 1, l);
    spec.downsample->stride = l.stride;
  }
  return spec;
}

BlockParameters parameters_of(const model::BlockSpec& spec) {
  const auto weight = [](const model::ConvSpec& c) {
    return at::randn({c.out_channels, c.in_channels, c.kernel, c.kernel});
  };
  BlockParameters made;
  for (size_t i = 0; i < 3; ++i) {
    const int64_t channels = spec.norms[i].channels;
    made.steps[i] = {at::randn({channels}), at::randn({channels}), weight(spec.convs[i])};
  }
  if (spec.downsample) made.downsample = weight(*spec.downsample);
  return made;
}

/// Leaves of a type, in the order in which plain() and ours() give their gradients.
std::vector<at::Tensor> leaves_of(const at::Tensor& x, const BlockParameters& parameters,
                                  at::ScalarType type) {
  std::vector<at::Tensor> leaves{x};
  for (const auto& step : parameters.steps)
    leaves.insert(leaves.end(), {step.norm_weight, step.norm_bias, step.conv_weight});
  if (parameters.downsample.defined()) leaves.push_back(parameters.downsample);
  for (at::Tensor& each : leaves)
    each = each.detach().to(type, false, /*copy=*/true).set_requires_grad(true);
  return leaves;
}

at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const model::ConvSpec& c) {
  const at::Tensor padded = c.same ? ops::pad_same(x, c.kernel, c.stride, c.dilation) : x;
  return at::conv2d(padded, ops::standardize_weight(weight), {}, c.stride, c.padding, c.dilation);
}

at::Tensor plain(const std::vector<at::Tensor>& leaves, const model::BlockSpec& spec,
                 int64_t groups) {
  at::Tensor y = leaves[0];
  at::Tensor shortcut = y;
  for (size_t i = 0; i < 3; ++i) {
    y = ops::group_norm_act(
        y, {groups, leaves[1 + 3 * i], leaves[2 + 3 * i], ops::Activation{"relu", {}}});
    if (i == 0 && spec.downsample) shortcut = convolve(y, leaves.back(), *spec.downsample);
    y = convolve(y, leaves[3 + 3 * i], spec.convs[i]);
  }
  return y + shortcut;
}

Maps ours(const std::vector<at::Tensor>& leaves, const model::BlockSpec& spec, int64_t groups,
          at::ScalarType type, bool recompute = false) {
  BlockParameters parameters;
  for (size_t i = 0; i < 3; ++i)
    parameters.steps[i] = {leaves[1 + 3 * i], leaves[2 + 3 * i], leaves[3 + 3 * i]};
  if (spec.downsample) parameters.downsample = leaves.back();
  return fused_block({leaves[0], {}}, spec, {groups, type, recompute}, parameters);
}

/// What was computed and the gradients of all leaves.
std::vector<at::Tensor> results(const at::Tensor& y, const std::vector<at::Tensor>& leaves,
                                const at::Tensor& gradient) {
  y.backward(gradient.to(y.scalar_type()));
  std::vector<at::Tensor> made{y.detach()};
  for (const at::Tensor& each : leaves) made.push_back(each.grad());
  return made;
}

struct Example {
  at::Tensor x;
  BlockParameters parameters;
  at::Tensor gradient;
};

Example make(const Layer& l, const model::BlockSpec& spec) {
  Example e{.x = at::randn({l.images, l.in, l.height, l.width}) + 0.2,
            .parameters = parameters_of(spec),
            .gradient = {}};
  const int64_t height = (l.height + l.stride - 1) / l.stride;
  e.gradient = at::randn({l.images, l.out, height, (l.width + l.stride - 1) / l.stride});
  return e;
}

/// Root mean squares of errors, over those of values: single values at a ReLU's edge go either way.
double error_of(const at::Tensor& made, const at::Tensor& expected) {
  return ((made.to(at::kDouble) - expected).square().mean() / expected.square().mean())
      .sqrt()
      .item<double>();
}

void check(at::ScalarType type, double tolerance) {
  at::manual_seed(8);
  for (const Layer& layer : kLayers) {
    const model::BlockSpec spec = spec_of(layer);
    const Example e = make(layer, spec);
    const auto exact = leaves_of(e.x, e.parameters, at::kDouble);
    const auto expected = results(plain(exact, spec, layer.groups), exact, e.gradient);
    const auto leaves = leaves_of(e.x, e.parameters, at::kFloat);
    const auto made = results(ours(leaves, spec, layer.groups, type).values, leaves, e.gradient);
    for (size_t i = 0; i < made.size(); ++i) {
      EXPECT(made[i].sizes() == expected[i].sizes());
      EXPECT(error_of(made[i], expected[i]) < tolerance);
    }
  }
}

}  // namespace

TEST("fused_block: values and gradients of float32 against autograd in double") {
  if (ops::kernels()) check(at::kFloat, 1e-3);
}

TEST("fused_block: the same of bfloat16, to its digits") {
  if (ops::kernels()) check(at::kBFloat16, 0.15);
}

TEST("fused_block: the sums that go with the maps are theirs, and the next block uses them") {
  if (!ops::kernels()) return;
  at::manual_seed(9);
  const Layer layer = kLayers[0];
  const model::BlockSpec spec = spec_of(layer);
  const Example e = make(layer, spec);
  const auto leaves = leaves_of(e.x, e.parameters, at::kFloat);
  const Maps made = ours(leaves, spec, layer.groups, at::kFloat);
  const at::Tensor values = made.values.detach().to(at::kDouble);
  EXPECT(at::allclose(made.sums.select(1, 0), values.sum({2, 3}), 1e-5, 1e-3));
  EXPECT(at::allclose(made.sums.select(1, 1), values.square().sum({2, 3}), 1e-5, 1e-3));
  const Maps with = fused_block(made, spec, {layer.groups, at::kFloat, false}, e.parameters);
  const Maps without =
      fused_block({made.values, {}}, spec, {layer.groups, at::kFloat, false}, e.parameters);
  EXPECT(error_of(with.values.detach(), without.values.detach().to(at::kDouble)) < 1e-5);
}

TEST("fused_block: the same bits when it is computed once more on the way back") {
  if (!ops::kernels()) return;
  at::manual_seed(11);
  for (const Layer& layer : kLayers) {
    const model::BlockSpec spec = spec_of(layer);
    const Example e = make(layer, spec);
    std::array<std::vector<at::Tensor>, 2> made;
    for (const bool recompute : {false, true}) {
      const auto leaves = leaves_of(e.x, e.parameters, at::kFloat);
      const Maps maps = ours(leaves, spec, layer.groups, at::kFloat, recompute);
      made[recompute] = results(maps.values, leaves, e.gradient);
    }
    for (size_t i = 0; i < made[0].size(); ++i) EXPECT(at::equal(made[1][i], made[0][i]));
  }
}

TEST("fused_block: the same bits on any number of threads") {
  if (!ops::kernels()) return;
  at::manual_seed(10);
  for (const Layer& layer : kLayers) {
    const model::BlockSpec spec = spec_of(layer);
    const Example e = make(layer, spec);
    const auto run = [&] {
      const auto leaves = leaves_of(e.x, e.parameters, at::kFloat);
      return results(ours(leaves, spec, layer.groups, at::kFloat).values, leaves, e.gradient);
    };
    const auto alone = run();
    const TeamScope team(3);
    const auto together = run();
    for (size_t i = 0; i < alone.size(); ++i) EXPECT(at::equal(together[i], alone[i]));
  }
}

TEST("fused_block: serves only what it has kernels for") {
  const Layer layer = kLayers[0];
  model::Topology topology{};
  topology.spec.layer_type = model::LayerType::kPreactivation;
  topology.spec.hidden_act = "relu";
  const auto serves = [&](const model::BlockSpec& block) {
    return has_fused_block(topology, block, at::kFloat);
  };
  model::BlockSpec block = spec_of(layer);
  EXPECT(serves(block) == (ops::kernels() != nullptr));
  block.drop_path_rate = 0.1;
  EXPECT(!serves(block));
  Layer narrow = layer;
  narrow.inner = 24;
  EXPECT(!serves(spec_of(narrow)));
  topology.spec.hidden_act = "gelu";
  EXPECT(!serves(spec_of(layer)));
}

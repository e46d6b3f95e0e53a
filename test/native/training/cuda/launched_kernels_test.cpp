// The GPU's operators for training against autograd of the plain ones, one by one and in whole
// networks; on the CPU too, with their kernels emulated.
#include "training/cuda/launched_kernels.h"

#include <array>
#include <string>
#include <vector>

#include "check.h"
#include "common/error.h"
#include "model/small_spec.h"
#include "ops/cuda/card.h"
#include "ops/group_norm_act.h"
#include "ops/standardize_weight.h"
#include "training/gpu_operators.h"
#include "training/graph.h"

using namespace bigtransfer;
using namespace bigtransfer::test;
using namespace bigtransfer::training;

namespace {

KernelStream current_stream() {
  return {stream(), on_card({.multiprocessors = 2, .shared_bytes = 64 * 1024})};
}

const LaunchedKernels& kernels() {
  static const LaunchedKernels all(current_stream);
  return all;
}

at::Tensor leaf(const at::Tensor& values, const at::TensorOptions& options) {
  return values.to(options, /*non_blocking=*/false, /*copy=*/true).detach().set_requires_grad(true);
}

at::TensorOptions on_card_as(at::ScalarType type) {
  return at::TensorOptions().device(kCard).dtype(type);
}

/// Roots of mean squares of errors, over those of values: single values at a ReLU's edge go either
/// way.
double error_of(const at::Tensor& made, const at::Tensor& expected) {
  const at::Tensor exact = expected.to(at::kDouble);
  return ((made.detach().cpu().to(at::kDouble) - exact).square().mean() / exact.square().mean())
      .sqrt()
      .item<double>();
}

double tolerance_of(at::ScalarType type) { return type == at::kFloat ? 1e-5 : 3e-3; }

struct Layer {
  int64_t images;
  int64_t channels;
  int64_t groups;
  int64_t height;
  int64_t width;
  bool channels_last;
};

/// Channels of whole packs and others, one pixel, maps on the chip and too large for it, memory as
/// the kernels take it and else.
const std::vector<Layer> kLayers = {{3, 64, 32, 7, 5, true},   {2, 32, 4, 40, 41, true},
                                    {2, 32, 4, 40, 41, false}, {1, 6, 3, 9, 7, false},
                                    {1, 16, 4, 1, 1, true},    {1, 96, 1, 12, 13, true}};

void expect_norm_like_plain(const Layer& l, at::ScalarType type, bool relu) {
  const auto maps = [&](double mean) {
    const at::Tensor values =
        (at::randn({l.images, l.channels, l.height, l.width}) + mean).to(type);
    return l.channels_last ? values.contiguous(at::MemoryFormat::ChannelsLast) : values;
  };
  const at::Tensor x = maps(0.3);
  const at::Tensor gradient = maps(0);
  const at::Tensor weight = at::randn({l.channels}) + 1;
  const at::Tensor bias = at::randn({l.channels});

  const std::array<at::Tensor, 3> exact{leaf(x, at::kDouble), leaf(weight, at::kDouble),
                                        leaf(bias, at::kDouble)};
  ops::GroupNormAct norm{l.groups, exact[1], exact[2], {}};
  if (relu) norm.activation = ops::Activation{"relu", {}};
  const at::Tensor expected = ops::group_norm_act(exact[0], norm);
  expected.backward(gradient.to(at::kDouble));

  const std::array<at::Tensor, 3> ours{leaf(x, on_card_as(type)),
                                       leaf(weight, on_card_as(at::kFloat)),
                                       leaf(bias, on_card_as(at::kFloat))};
  const at::Tensor y = gpu_group_norm(kernels(), ours[0], {l.groups, relu, ours[1], ours[2]});
  y.backward(gradient.to(kCard));

  EXPECT(y.scalar_type() == type && y.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT(y.sizes() == x.sizes());
  EXPECT(error_of(y, expected.detach()) < tolerance_of(type));
  for (size_t i = 0; i < ours.size(); ++i) {
    EXPECT(ours[i].grad().scalar_type() == ours[i].scalar_type());
    EXPECT(ours[i].grad().sizes() == ours[i].sizes());
    EXPECT(error_of(ours[i].grad(), exact[i].grad()) < tolerance_of(i == 0 ? type : at::kFloat));
  }
}

/// A run of the plain graph, or of one on the kernels: logits and all gradients.
std::vector<at::Tensor> results_of(const model::NetworkSpec& spec, const GpuKernels* on,
                                   bool recompute) {
  const model::Topology topology = model::make_topology(spec, "bit.");
  const at::Device device = on == nullptr ? at::Device(at::kCPU) : kCard;
  const Graph graph(topology, model::Weights(model::parameters(topology), 5), at::kFloat, recompute,
                    device, on);
  at::manual_seed(7);
  const at::Tensor images = at::randn({3, 3, 37, 34});
  const at::Tensor pull = at::randn({3, graph.head().out_features});
  const at::Tensor logits = graph.logits(images.to(device), {});
  (logits * pull.to(device)).sum().backward();
  std::vector<at::Tensor> made{logits.detach()};
  for (const Parameter& each : graph.parameters())
    if (each.learns) made.push_back(each.value.grad());
  return made;
}

model::NetworkSpec spec_of(model::LayerType layer_type, const std::string& activation) {
  model::NetworkSpec spec = small_spec();
  spec.layer_type = layer_type;
  spec.hidden_act = activation;
  return spec;
}

}  // namespace

TEST("gpu_group_norm: values and gradients against autograd of the plain operator in double") {
  at::manual_seed(3);
  for (const Layer& layer : kLayers) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      for (const bool relu : {false, true}) expect_norm_like_plain(layer, type, relu);
    }
  }
}

TEST("gpu_group_norm: refuses channels that do not fall into groups") {
  const at::Tensor x = at::randn({1, 6, 2, 2}).to(kCard);
  const at::Tensor ones = at::ones({6}).to(kCard);
  EXPECT_THROWS(gpu_group_norm(kernels(), x, {4, true, ones, ones}), ErrorCode::kShape,
                "6 channels");
}

TEST(
    "gpu_standardize_weight: values and gradients against autograd of the plain operator in "
    "double") {
  at::manual_seed(4);
  for (const int64_t in : {3, 8, 65}) {
    for (const int64_t kernel : {1, 3, 7}) {
      for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
        const at::Tensor weight = at::randn({5, in, kernel, kernel}) * 0.1 + 0.02;
        const at::Tensor gradient = at::randn(weight.sizes()).to(type);
        const at::Tensor exact = leaf(weight, at::kDouble);
        const at::Tensor expected = ops::standardize_weight(exact);
        expected.backward(gradient.to(at::kDouble));
        const at::Tensor ours = leaf(weight, on_card_as(at::kFloat));
        const at::Tensor y = gpu_standardize_weight(kernels(), ours, type);
        y.backward(gradient.to(kCard));
        EXPECT(y.scalar_type() == type && y.is_contiguous(at::MemoryFormat::ChannelsLast));
        EXPECT(error_of(y, expected.detach()) < tolerance_of(type));
        EXPECT(ours.grad().sizes() == weight.sizes());
        EXPECT(error_of(ours.grad(), exact.grad()) < 1e-5);
      }
    }
  }
}

TEST("Graph on a GPU's kernels: the plain graph's logits and gradients") {
  for (const auto layer_type : {model::LayerType::kPreactivation, model::LayerType::kBottleneck}) {
    for (const std::string activation : {"relu", "silu", "prelu"}) {
      const model::NetworkSpec spec = spec_of(layer_type, activation);
      const auto expected = results_of(spec, nullptr, /*recompute=*/false);
      for (const bool recompute : {false, true}) {
        const auto made = results_of(spec, &kernels(), recompute);
        EXPECT(made.size() == expected.size());
        for (size_t i = 0; i < made.size(); ++i) EXPECT(error_of(made[i], expected[i]) < 1e-4);
      }
    }
  }
}

// A network's gradients against differences of its loss, for every activation; with and without
// what is kept for them.
#include "training/graph.h"

#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "check.h"
#include "model/small_spec.h"

using namespace bigtransfer;
using namespace bigtransfer::training;

namespace {

const std::vector<std::string> kActivations = {"gelu",
                                               "gelu_10",
                                               "gelu_fast",
                                               "gelu_new",
                                               "gelu_python",
                                               "hardswish",
                                               "gelu_pytorch_tanh",
                                               "gelu_python_tanh",
                                               "gelu_accurate",
                                               "laplace",
                                               "linear",
                                               "leaky_relu",
                                               "quick_gelu",
                                               "mish",
                                               "relu",
                                               "relu2",
                                               "relu6",
                                               "sigmoid",
                                               "silu",
                                               "sqrtsoftplus",
                                               "swish",
                                               "tanh",
                                               "prelu",
                                               "xielu"};

constexpr int64_t kImages = 3;
constexpr int64_t kSide = 32;
constexpr int64_t kLabels = 5;
/// What a step is to add to the loss: enough to stand out from rounding, and little enough for the
/// steepest activations.
constexpr double kChange = 0.01;

model::NetworkSpec spec_of(model::LayerType layer_type, const std::string& activation) {
  model::NetworkSpec spec = test::small_spec();
  spec.layer_type = layer_type;
  spec.hidden_act = activation;
  spec.num_labels = kLabels;
  return spec;
}

Graph graph_of(const model::NetworkSpec& spec, bool recompute = false) {
  const model::Topology topology = model::make_topology(spec, "bit.");
  return {topology, model::Weights(model::parameters(topology), 5), at::kFloat, recompute,
          /*kernels=*/nullptr};
}

double loss(const Graph& graph, const at::Tensor& images, const at::Tensor& pull) {
  const c10::NoGradGuard guard;
  return (graph.logits(images, {}).to(at::kDouble) * pull).sum().item<double>();
}

/// Moves all parameters by so many steps along `ways`.
void move(const Graph& graph, const std::vector<at::Tensor>& ways, double steps) {
  const c10::NoGradGuard guard;
  for (size_t i = 0; i < ways.size(); ++i)
    if (ways[i].defined()) graph.parameters()[i].value.add_(ways[i], steps);
}

/// What differences of the loss say a step along its gradient adds, whose length is such that it
/// should be kChange: along any other way of that length it would be less.
double change_along_gradient(const Graph& graph) {
  const at::Tensor images = at::randn({kImages, 3, kSide, kSide});
  const at::Tensor pull = at::randn({kImages, kLabels}, at::kDouble);
  (graph.logits(images, {}).to(at::kDouble) * pull).sum().backward();
  double square = 0;
  for (const Parameter& each : graph.parameters()) {
    EXPECT(each.value.grad().defined() == each.learns);
    if (each.value.grad().defined()) square += each.value.grad().square().sum().item<double>();
  }
  std::vector<at::Tensor> ways;
  for (const Parameter& each : graph.parameters()) {
    const at::Tensor& gradient = each.value.grad();
    ways.push_back(gradient.defined() ? gradient * (kChange / square) : at::Tensor());
  }
  // Two widths, so that what is of third order falls out.
  const auto difference = [&](double steps) {
    move(graph, ways, steps);
    const double above = loss(graph, images, pull);
    move(graph, ways, -2 * steps);
    const double below = loss(graph, images, pull);
    move(graph, ways, steps);
    return (above - below) / (2 * steps);
  };
  return (4 * difference(0.5) - difference(1)) / 3;
}

}  // namespace

TEST("Graph: gradients against differences of the loss, for every activation") {
  for (const auto layer_type : {model::LayerType::kPreactivation, model::LayerType::kBottleneck}) {
    for (const std::string& activation : kActivations) {
      at::manual_seed(11);
      const double change = change_along_gradient(graph_of(spec_of(layer_type, activation)));
      const bool is_near = std::abs(change - kChange) < 0.03 * kChange;
      if (!is_near) std::cerr << activation << ": " << change << "\n";
      EXPECT(is_near);
    }
  }
}

TEST("Graph: the same bits when blocks are computed once more on the way back") {
  for (const auto layer_type : {model::LayerType::kPreactivation, model::LayerType::kBottleneck}) {
    model::NetworkSpec spec = spec_of(layer_type, "silu");
    spec.drop_path_rate = 0.9;
    at::manual_seed(12);
    const at::Tensor images = at::randn({kImages, 3, kSide, kSide});
    std::array<std::vector<at::Tensor>, 2> made;
    for (const bool recompute : {false, true}) {
      const Graph graph = graph_of(spec, recompute);
      // Twice, so that gradients are added to what is there.
      for (const uint64_t seed : {3, 4}) {
        const PathDraws draws{at::detail::createCPUGenerator(seed), 0, kImages};
        const at::Tensor logits = graph.logits(images, draws);
        made[recompute].push_back(logits.detach());
        logits.square().sum().backward();
      }
      for (const Parameter& each : graph.parameters())
        if (each.learns) made[recompute].push_back(each.value.grad());
    }
    EXPECT(!at::equal(made[0][0], made[0][1]));
    for (size_t i = 0; i < made[0].size(); ++i) EXPECT(at::equal(made[1][i], made[0][i]));
  }
}

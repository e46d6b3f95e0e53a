// Sizes, strides and costs of known networks.
#include "model/topology.h"

#include "check.h"
#include "common/error.h"
#include "model/cost.h"
#include "model/parameters.h"

using namespace bigtransfer;
using namespace bigtransfer::model;

namespace {

NetworkSpec r50x1() {
  return {.num_channels = 3,
          .embedding_size = 64,
          .hidden_sizes = {256, 512, 1024, 2048},
          .depths = {3, 4, 6, 3},
          .layer_type = LayerType::kPreactivation,
          .hidden_act = "relu",
          .padding = PaddingRule::kSymmetric,
          .num_groups = 32,
          .drop_path_rate = 0,
          .embedding_dynamic_padding = false,
          .output_stride = 32,
          .width_factor = 1,
          .num_labels = 1000};
}

int64_t count(const NetworkSpec& spec) {
  int64_t total = 0;
  for (const ParameterSpec& each : parameters(make_topology(spec, "bit."))) {
    int64_t size = 1;
    for (int64_t extent : each.shape) size *= extent;
    total += size;
  }
  return total;
}

}  // namespace

TEST("make_div: multiples of 8, never a tenth less") {
  EXPECT(make_div(3) == 8);
  EXPECT(make_div(64) == 64);
  EXPECT(make_div(11) == 16);
  EXPECT(make_div(20) == 24);
  EXPECT(make_div(100) == 104);
}

TEST("R50x1 with 1000 labels has 25.55 M parameters and takes about 4.1 G multiply-adds") {
  EXPECT(count(r50x1()) == 25549352);
  int64_t cost = 0;
  for (const StageCost& row : cost_by_stage(make_topology(r50x1(), "bit."), 224, 224)) {
    cost += row.multiply_adds;
  }
  EXPECT(cost > 4050000000 && cost < 4150000000);
}

TEST("width_factor widens every stage, the final norm and the head") {
  NetworkSpec wide = r50x1();
  wide.width_factor = 2;
  const Topology topology = make_topology(wide, "");
  EXPECT(topology.norm->channels == 4096);
  EXPECT(topology.head->in_features == 4096);
  EXPECT(topology.stages[0].blocks[0].convs[2].out_channels == 512);
}

TEST("output_stride turns strides into dilations, in bottleneck blocks alone") {
  NetworkSpec spec = r50x1();
  spec.output_stride = 8;
  EXPECT(make_topology(spec, "").stages[3].blocks[1].convs[1].stride == 1);
  EXPECT(make_topology(spec, "").stages[3].blocks[1].convs[1].dilation == 1);
  spec.layer_type = LayerType::kBottleneck;
  const Topology topology = make_topology(spec, "");
  EXPECT(topology.stages[2].blocks[0].convs[1].dilation == 1);
  EXPECT(topology.stages[2].blocks[1].convs[1].dilation == 2);
  EXPECT(topology.stages[3].blocks[0].convs[1].dilation == 2);
  EXPECT(topology.stages[3].blocks[1].convs[1].dilation == 4);
}

TEST("impossible numbers are refused by name") {
  NetworkSpec spec = r50x1();
  spec.num_groups = 7;
  EXPECT_THROWS(make_topology(spec, ""), ErrorCode::kConfig, "numGroups 7");
  spec = r50x1();
  spec.depths.pop_back();
  EXPECT_THROWS(make_topology(spec, ""), ErrorCode::kConfig, "depths");
}

TEST("initialize: the same for the same seed and name, in transformers' spread") {
  const ParameterSpec conv{"c", {256, 64, 3, 3}, Initialization::kKaimingNormal, 0, true};
  EXPECT(at::equal(initialize(conv, 7), initialize(conv, 7)));
  EXPECT(!at::equal(initialize(conv, 7), initialize(conv, 8)));
  const double expected = std::sqrt(2.0 / (256 * 9));
  EXPECT(std::abs(initialize(conv, 7).std().item<double>() / expected - 1) < 0.02);
  const ParameterSpec head{"h", {1000, 2048}, Initialization::kLinear, 2048, true};
  const at::Tensor drawn = initialize(head, 7);
  const double bound = 1 / std::sqrt(2048.0);
  EXPECT(drawn.abs().max().item<double>() <= bound);
  EXPECT(drawn.abs().max().item<double>() > 0.99 * bound);
}

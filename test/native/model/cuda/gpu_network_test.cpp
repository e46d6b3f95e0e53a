// The GPU's network on the CPU, its kernels emulated, against the layer plan.
#include "model/cuda/gpu_network.h"

#include <c10/core/InferenceMode.h>

#include "check.h"
#include "model/layer_plan.h"

using namespace bigtransfer;
using namespace bigtransfer::model;

namespace {

constexpr GpuStream kEmulated{.stream = nullptr,
                              .limits = {.multiprocessors = 2, .shared_bytes = 64 * 1024},
                              .allow_tf32 = false};

NetworkSpec small_spec() {
  return {.num_channels = 3,
          .embedding_size = 8,
          .hidden_sizes = {16, 24},
          .depths = {2, 1},
          .layer_type = LayerType::kPreactivation,
          .hidden_act = "relu",
          .padding = PaddingRule::kSymmetric,
          .num_groups = 4,
          .drop_path_rate = 0.0,
          .embedding_dynamic_padding = false,
          .output_stride = 32,
          .width_factor = 1,
          .num_labels = 7};
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.abs().max().clamp_min(1e-6)).item<double>();
}

void expect_like_layers(const NetworkSpec& spec, at::ScalarType dtype, double tolerance) {
  const c10::InferenceMode guard;
  at::manual_seed(0);
  const Topology topology = make_topology(spec, "bit.");
  const Weights weights(parameters(topology), 1);
  const LayerPlan plain(topology, weights, at::kFloat);
  const GpuNetwork network(topology, weights, dtype, at::kCPU);
  EXPECT(GpuNetwork::serves(topology));
  const RunRequest request{.pixel_values = at::randn({2, 3, 37, 45}),
                           .hidden_states = true,
                           .feature_maps = {0, 2},
                           .head = true,
                           .clock = nullptr,
                           .left_out = {}};
  const RunResult expected = plain.run(request, [] {});
  const RunResult got = network.run(request, kEmulated);
  EXPECT(got.hidden_states.size() == expected.hidden_states.size());
  for (size_t i = 0; i < expected.hidden_states.size(); ++i)
    EXPECT(difference(got.hidden_states[i], expected.hidden_states[i]) < tolerance);
  EXPECT(got.feature_maps.size() == 2);
  EXPECT(got.feature_maps[1].equal(got.hidden_states[2]));
  if (spec.num_labels) {
    EXPECT(difference(got.logits, expected.logits) < tolerance);
  } else {
    EXPECT(difference(got.last_hidden_state, expected.last_hidden_state) < tolerance);
    EXPECT(difference(got.pooler_output, expected.pooler_output) < tolerance);
  }
}

}  // namespace

TEST("GpuNetwork: what the layer plan gives") {
  NetworkSpec spec = small_spec();
  expect_like_layers(spec, at::kFloat, 2e-5);
  spec.num_labels = std::nullopt;
  expect_like_layers(spec, at::kFloat, 2e-5);
  spec = small_spec();
  spec.padding = PaddingRule::kSame;
  spec.embedding_dynamic_padding = true;
  expect_like_layers(spec, at::kFloat, 2e-5);
}

TEST("GpuNetwork: products added in place, in 16 bits") {
  NetworkSpec spec = small_spec();
  expect_like_layers(spec, at::kBFloat16, 5e-2);
  expect_like_layers(spec, at::kHalf, 5e-3);
  spec.num_labels = std::nullopt;
  expect_like_layers(spec, at::kBFloat16, 5e-2);
}

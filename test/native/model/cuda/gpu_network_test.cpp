// The GPU's network against the CPU's layer plan; on the CPU too, with its kernels emulated.
#include "model/cuda/gpu_network.h"

#include <c10/core/InferenceMode.h>

#include "check.h"
#include "model/layer_plan.h"
#include "model/runs.h"
#include "model/small_spec.h"
#include "ops/cuda/card.h"

using namespace bigtransfer;
using namespace bigtransfer::model;
using namespace bigtransfer::test;

namespace {

GpuStream current_stream() {
  return {.stream = stream(),
          .limits = on_card({.multiprocessors = 2, .shared_bytes = 64 * 1024}),
          .allow_tf32 = false};
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
  const GpuNetwork network(topology, weights, dtype, kCard);
  EXPECT(GpuNetwork::serves(topology));
  const at::Tensor images = at::randn({2, 3, 37, 45});
  const bool classifies = spec.num_labels.has_value();
  const Wanted wanted{.last_hidden_state = !classifies,
                      .pooler_output = !classifies,
                      .logits = classifies,
                      .hidden_states = true,
                      .feature_maps = {0, 2}};
  const RunResult expected = plain.run({{images}}, wanted, unwatched());
  RunResult got = network.run(images.to(kCard), wanted, current_stream());
  for_each_tensor(got, [](at::Tensor& each) { each = each.cpu(); });
  EXPECT(got.hidden_states.size() == expected.hidden_states.size());
  for (size_t i = 0; i < expected.hidden_states.size(); ++i)
    EXPECT(difference(got.hidden_states[i], expected.hidden_states[i]) < tolerance);
  EXPECT(got.feature_maps.size() == 2);
  EXPECT(got.feature_maps[1].equal(got.hidden_states[2]));
  if (classifies) {
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

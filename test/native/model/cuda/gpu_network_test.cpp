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

/// By trial, whose stopwatch finds each second way faster than the first, or slower.
GpuStream trying_stream(bool second_is_faster) {
  GpuStream stream = current_stream();
  stream.by_trial = true;
  stream.stopwatch = [second_is_faster, count = 0](const std::function<void()>& work) mutable {
    work();
    work();
    return (count++ % 2 == 1) == second_is_faster ? 1.0 : 2.0;
  };
  return stream;
}

RunResult run(const GpuNetwork& network, const at::Tensor& pixel_values, const Wanted& wanted,
              const GpuStream& on) {
  const at::Tensor there = pixel_values.to(kCard);
  at::Tensor input = network.empty_input(there);
  network.write_input(there, input, on);
  return network.run(input, wanted, on);
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.abs().max().clamp_min(1e-6)).item<double>();
}

void expect_like_layers(const NetworkSpec& spec, at::ScalarType dtype, double tolerance,
                        const GpuStream& on = current_stream()) {
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
  RunResult got = run(network, images, wanted, on);
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

TEST("GpuNetwork: norms within products, where trying finds them faster") {
  for (const at::ScalarType dtype : {at::kHalf, at::kBFloat16}) {
    const double tolerance = dtype == at::kHalf ? 5e-3 : 5e-2;
    NetworkSpec spec = small_spec();
    for (const bool faster : {true, false})
      expect_like_layers(spec, dtype, tolerance, trying_stream(faster));
    spec.num_labels = std::nullopt;
    expect_like_layers(spec, dtype, tolerance, trying_stream(true));
  }
  // There is no such product in float32, and nothing to try.
  expect_like_layers(small_spec(), at::kFloat, 2e-5, trying_stream(true));
}

namespace {

/// Logits of five images.
at::Tensor logits_of(const GpuNetwork& network, const GpuStream& on) {
  at::manual_seed(0);
  return run(network, at::randn({5, 3, 37, 45}), only_logits(), on).logits.cpu();
}

GpuNetwork make_network(at::ScalarType dtype) {
  const Topology topology = make_topology(small_spec(), "bit.");
  return {topology, Weights(parameters(topology), 1), dtype, kCard};
}

}  // namespace

TEST("GpuNetwork: a block is tried once for each size, and computed as was found from then on") {
  const c10::InferenceMode guard;
  const GpuNetwork network = make_network(at::kHalf);
  GpuStream on = current_stream();
  on.by_trial = true;
  int timed = 0;
  on.stopwatch = [&timed](const std::function<void()>& work) {
    work();
    return timed++ % 2 == 0 ? 2.0 : 1.0;
  };
  const at::Tensor fused = logits_of(network, on);
  const int tried = timed;
  EXPECT(tried > 0);
  EXPECT(logits_of(network, on).equal(fused));
  EXPECT(timed == tried);
  // Without a stopwatch, as while recording, too; but not where all is chosen by shape.
  on.stopwatch = nullptr;
  EXPECT(logits_of(network, on).equal(fused));
  on.by_trial = false;
  EXPECT(!logits_of(network, on).equal(fused));
}

TEST("GpuNetwork: where memory does not suffice to try, nothing is tried") {
  const c10::InferenceMode guard;
  const GpuNetwork network = make_network(at::kHalf);
  GpuStream on = current_stream();
  const at::Tensor plain = logits_of(network, on);
  on.by_trial = true;
  on.stopwatch = [](const std::function<void()>&) -> double {
    TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory");
  };
  EXPECT(logits_of(network, on).equal(plain));
}

TEST("GpuNetwork: some images at a time through the first stages give the same") {
  const c10::InferenceMode guard;
  for (const at::ScalarType dtype : {at::kFloat, at::kHalf}) {
    const GpuNetwork network = make_network(dtype);
    GpuStream on = current_stream();
    const at::Tensor whole = logits_of(network, on);
    for (const int64_t images : {1, 2, 5, 8}) {
      on.sub_batch = images;
      EXPECT(difference(logits_of(network, on), whole) < (dtype == at::kFloat ? 1e-6 : 1e-3));
    }
  }
}

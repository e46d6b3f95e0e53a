// What the executions of a topology on the CPU have in common.
#include "model/plan.h"

#include <c10/core/InferenceMode.h>

#include <atomic>
#include <map>
#include <string>

#include "check.h"
#include "common/error.h"
#include "common/share_out.h"
#include "model/fused_plan.h"
#include "model/layer_plan.h"
#include "model/runs.h"
#include "model/small_spec.h"

using namespace bigtransfer;
using namespace bigtransfer::model;
using namespace bigtransfer::test;

namespace {

/// Stem, three convolutions in each of three blocks, and the shortcuts of the first two stages.
constexpr int64_t kConvolutions = 1 + 3 * 3 + 2;

struct Stopped {};

at::Tensor batch_of(int64_t images) { return at::randn({images, 3, 64, 64}); }

at::Tensor logits_of(const Plan& plan, const RunInput& input) {
  return plan.run(input, only_logits(), unwatched()).logits;
}

RunControl asking(std::function<void()> between) {
  return {.between = std::move(between), .left_out = {}, .clock = nullptr};
}

/// How often a whole run asks whether it is to go on.
int64_t questions(const Plan& plan, const RunInput& input) {
  std::atomic<int64_t> asked = 0;
  plan.run(input, only_logits(), asking([&] { ++asked; }));
  return asked;
}

void expect_stops_anywhere(const Plan& plan, const RunInput& input) {
  const at::Tensor logits = logits_of(plan, input);
  const int64_t all = questions(plan, input);
  for (int64_t last = 0; last < all; ++last) {
    std::atomic<int64_t> asked = 0;
    bool is_stopped = false;
    try {
      plan.run(input, only_logits(), asking([&] {
                 if (asked++ >= last) throw Stopped();
               }));
    } catch (const Stopped&) {
      is_stopped = true;
    }
    // Images may go in other groups than before, and then ask less often.
    EXPECT(is_stopped || asked <= last);
  }
  EXPECT(logits_of(plan, input).equal(logits));
}

/// Calls `body` with each plan that serves this machine.
template <typename Body>
void each_plan(const Body& body) {
  const c10::InferenceMode guard;
  at::manual_seed(0);
  const Topology topology = make_topology(small_spec(), "bit.");
  const Weights weights(parameters(topology), 1);
  body(LayerPlan(topology, weights, at::kFloat));
  if (FusedPlan::serves(topology, at::kFloat)) body(FusedPlan(topology, weights, at::kFloat));
}

}  // namespace

TEST("plan: the fused plan gives what libtorch's operators give, whatever the padding and size") {
  const c10::InferenceMode guard;
  at::manual_seed(0);
  for (const PaddingRule padding : {PaddingRule::kSymmetric, PaddingRule::kSame}) {
    NetworkSpec spec = small_spec();
    spec.padding = padding;
    spec.embedding_dynamic_padding = padding == PaddingRule::kSame;
    const Topology topology = make_topology(spec, "bit.");
    if (!FusedPlan::serves(topology, at::kFloat)) continue;
    const Weights weights(parameters(topology), 1);
    const FusedPlan fused(topology, weights, at::kFloat);
    const LayerPlan plain(topology, weights, at::kFloat);
    for (const auto& [height, width] : {std::pair<int64_t, int64_t>{64, 64}, {63, 50}, {33, 47}}) {
      const RunInput input{{at::randn({2, 3, height, width})}};
      EXPECT(at::allclose(logits_of(fused, input), logits_of(plain, input), 1e-4, 1e-5));
    }
  }
}

TEST("plan: a clock counts each convolution's products, image by image") {
  const auto counts = [](const Plan& plan, int64_t images) {
    LayerClock clock;
    plan.run({{batch_of(images)}}, only_logits(),
             {.between = [] {}, .left_out = {}, .clock = &clock});
    std::map<std::string, int64_t> counts;
    for (const LayerTime& layer : clock.layers()) {
      if (layer.multiply_adds != 0) counts[layer.name] = layer.multiply_adds;
    }
    return counts;
  };
  std::map<std::string, int64_t> first;
  each_plan([&](const Plan& plan) {
    const auto one = counts(plan, 1);
    if (first.empty()) first = one;
    // The head's product is one of matrices, and may count as well.
    EXPECT(std::ssize(one) >= kConvolutions);
    // 32x32 of 8 channels from 3 by 7x7 at the stem.
    EXPECT(one.begin()->second > 0 && one.at("bit.embedder.convolution") == 32 * 32 * 8 * 3 * 49);
    for (const auto& [name, count] : counts(plan, 3)) EXPECT(count == 3 * one.at(name));
    for (const auto& [name, count] : one) EXPECT(count == first.at(name));
  });
}

TEST("plan: asks before each convolution whether to go on") {
  each_plan([](const Plan& plan) { EXPECT(questions(plan, {{batch_of(1)}}) >= kConvolutions); });
}

TEST("plan: a run that is stopped at any layer leaves the plan as it was") {
  each_plan([](const Plan& plan) {
    for (const int threads : {1, 2}) {
      const TeamScope team(threads);
      for (const int64_t images : {1, 3, 8}) expect_stops_anywhere(plan, {{batch_of(images)}});
    }
  });
}

TEST("plan: the fused plan gives the same bits on any number of threads") {
  const c10::InferenceMode guard;
  at::manual_seed(0);
  const Topology topology = make_topology(small_spec(), "bit.");
  const Weights weights(parameters(topology), 1);
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    if (!FusedPlan::serves(topology, type)) continue;
    const FusedPlan plan(topology, weights, type);
    for (const int64_t images : {1, 3, 8, 21}) {
      const RunInput input{{batch_of(images)}};
      const at::Tensor alone = logits_of(plan, input);
      for (const int threads : {2, 3, 7}) {
        const TeamScope team(threads);
        EXPECT(logits_of(plan, input).equal(alone));
      }
    }
  }
}

TEST("plan: images in several tensors become what they become in one") {
  each_plan([](const Plan& plan) {
    RunInput apart{{batch_of(2), batch_of(1), batch_of(4)}};
    const at::Tensor whole = apart.whole();
    EXPECT(apart.images() == 7);
    EXPECT(whole.size(0) == 7);
    EXPECT(logits_of(plan, apart).equal(logits_of(plan, {{whole}})));
    apart.parts.push_back(at::zeros({0, 3, 64, 64}));
    EXPECT_THROWS(logits_of(plan, apart), ErrorCode::kShape, "none of them 0");
  });
}

TEST("plan: gives just what is wanted, and the same whatever else is") {
  each_plan([](const Plan& plan) {
    const RunInput input{{batch_of(2)}};
    Wanted all{.last_hidden_state = true,
               .pooler_output = true,
               .logits = true,
               .hidden_states = true,
               .feature_maps = {0, 2}};
    const RunResult whole = plan.run(input, all, unwatched());
    EXPECT(whole.hidden_states.size() == 3 && whole.feature_maps.size() == 2);
    EXPECT(whole.feature_maps[1].equal(whole.hidden_states[2]));
    const auto expect_alone = [&](bool Wanted::*flag, at::Tensor RunResult::*output) {
      Wanted one{};
      one.*flag = true;
      RunResult got = plan.run(input, one, unwatched());
      EXPECT((got.*output).equal(whole.*output));
      (got.*output).reset();
      for_each_tensor(got, [](const at::Tensor&) { EXPECT(false); });
    };
    expect_alone(&Wanted::last_hidden_state, &RunResult::last_hidden_state);
    expect_alone(&Wanted::pooler_output, &RunResult::pooler_output);
    expect_alone(&Wanted::logits, &RunResult::logits);
  });
}

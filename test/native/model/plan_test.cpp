// What the executions of a topology on the CPU have in common.
#include "model/plan.h"

#include <c10/core/InferenceMode.h>

#include <atomic>

#include "check.h"
#include "common/error.h"
#include "common/share_out.h"
#include "model/fused_plan.h"
#include "model/layer_plan.h"
#include "model/small_spec.h"

using namespace bigtransfer;
using namespace bigtransfer::model;
using namespace bigtransfer::test;

namespace {

/// Stem, three convolutions in each of three blocks, and the shortcuts of the first two stages.
constexpr int64_t kConvolutions = 1 + 3 * 3 + 2;

struct Stopped {};

RunRequest batch_of(int64_t images) {
  return {.pixel_values = at::randn({images, 3, 64, 64}),
          .more = {},
          .hidden_states = false,
          .feature_maps = {},
          .head = true,
          .clock = nullptr,
          .left_out = {}};
}

/// How often a whole run asks whether it is to go on.
int64_t questions(const Plan& plan, const RunRequest& request) {
  std::atomic<int64_t> asked = 0;
  plan.run(request, [&] { ++asked; });
  return asked;
}

void expect_stops_anywhere(const Plan& plan, const RunRequest& request) {
  const at::Tensor logits = plan.run(request, [] {}).logits;
  const int64_t all = questions(plan, request);
  for (int64_t last = 0; last < all; ++last) {
    std::atomic<int64_t> asked = 0;
    bool is_stopped = false;
    try {
      plan.run(request, [&] {
        if (asked++ >= last) throw Stopped();
      });
    } catch (const Stopped&) {
      is_stopped = true;
    }
    // Images may go in other groups than before, and then ask less often.
    EXPECT(is_stopped || asked <= last);
  }
  EXPECT(plan.run(request, [] {}).logits.equal(logits));
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

TEST("plan: asks before each convolution whether to go on") {
  each_plan([](const Plan& plan) { EXPECT(questions(plan, batch_of(1)) >= kConvolutions); });
}

TEST("plan: a run that is stopped at any layer leaves the plan as it was") {
  each_plan([](const Plan& plan) {
    for (const int threads : {1, 2}) {
      const TeamScope team(threads);
      for (const int64_t images : {1, 3, 8}) expect_stops_anywhere(plan, batch_of(images));
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
      const RunRequest request = batch_of(images);
      const at::Tensor alone = plan.run(request, [] {}).logits;
      for (const int threads : {2, 3, 7}) {
        const TeamScope team(threads);
        EXPECT(plan.run(request, [] {}).logits.equal(alone));
      }
    }
  }
}

TEST("plan: images in several tensors become what they become in one") {
  const c10::InferenceMode guard;
  at::manual_seed(0);
  const Topology topology = make_topology(small_spec(), "bit.");
  const Weights weights(parameters(topology), 1);
  const auto plan = make_plan(topology, weights, at::kFloat);
  if (!plan->takes_images_apart()) return;
  RunRequest apart = batch_of(2);
  apart.more = {batch_of(1).pixel_values, batch_of(4).pixel_values};
  RunRequest whole = apart;
  whole.pixel_values = joined(apart);
  whole.more.clear();
  EXPECT(whole.pixel_values.size(0) == 7);
  EXPECT(plan->run(apart, [] {}).logits.equal(plan->run(whole, [] {}).logits));
  apart.more.push_back(at::zeros({0, 3, 64, 64}));
  EXPECT_THROWS(plan->run(apart, [] {}), ErrorCode::kShape, "none of them 0");
}

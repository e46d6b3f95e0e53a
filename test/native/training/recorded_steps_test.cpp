// What is recorded when, and that replays learn what runs would: bit by bit.
#include "training/recorded_steps.h"

#include <algorithm>

#include "check.h"
#include "common/error.h"
#include "fake_device.h"
#include "small_learning.h"

using namespace bigtransfer;
using namespace bigtransfer::test;
using namespace bigtransfer::training;

namespace {

constexpr auto kProblem = model::ProblemType::kSingleLabel;

/// A graph whose micro-batches go through RecordedSteps on a device that is none, beside one whose
/// micro-batches run as they are.
struct Pair {
  Pair() {
    log.addresses = [this] {
      std::vector<const void*> all;
      for (const Parameter& each : graph.parameters()) {
        all.push_back(each.value.const_data_ptr());
        all.push_back(each.value.grad().defined() ? each.value.grad().const_data_ptr() : nullptr);
      }
      return all;
    };
  }

  /// Learns from a micro-batch; whether both did the same.
  bool agree(int64_t number, int64_t images, bool mixes = false) {
    const MicroBatch batch = numbered_batch(number, images, mixes);
    const double loss = steps.run(step_inputs(batch, graph, kProblem));
    const at::Tensor expected = add_gradients(other, step_inputs(batch, other, kProblem), kProblem);
    const auto same = [](const Parameter& one, const Parameter& two) {
      return one.value.grad().defined() == two.value.grad().defined() &&
             (!one.value.grad().defined() || at::equal(one.value.grad(), two.value.grad()));
    };
    return loss == expected.item<double>() &&
           std::ranges::equal(graph.parameters(), other.parameters(), same);
  }

  DeviceLog log;
  FakeDevice device{log};
  Graph graph = learning_graph();
  Graph other = learning_graph();
  RecordedSteps steps{
      device, [this](const StepInputs& inputs) { return add_gradients(graph, inputs, kProblem); }};
};

}  // namespace

TEST("recorded steps: the second of a kind is run and recorded, and later ones are replayed") {
  for (const bool mixes : {false, true}) {
    Pair pair;
    EXPECT(pair.agree(1, 3, mixes));
    EXPECT(pair.log.recorded == 0);
    EXPECT(pair.agree(2, 3, mixes));
    EXPECT(pair.log.recorded == 1 && pair.log.replayed == 0);
    for (int64_t number = 3; number < 6; ++number) EXPECT(pair.agree(number, 3, mixes));
    EXPECT(pair.log.recorded == 1 && pair.log.replayed == 3 && pair.log.computed == 2);
  }
}

TEST("recorded steps: each size, and each with MixUp, is a kind of its own") {
  Pair pair;
  for (int64_t number = 0; number < 9; number += 3) {
    EXPECT(pair.agree(number, 2));
    EXPECT(pair.agree(number + 1, 3));
    EXPECT(pair.agree(number + 2, 2, true));
  }
  EXPECT(pair.log.recorded == 3 && pair.log.replayed == 3);
}

TEST("recorded steps: of many kinds some are recorded") {
  Pair pair;
  for (int round = 0; round < 3; ++round)
    for (int64_t images = 1; images < 9; ++images) EXPECT(pair.agree(images, images));
  EXPECT(pair.log.recorded == 4 && pair.log.replayed == 4);
}

TEST("recorded steps: what cannot be recorded runs as it is, and is not tried again") {
  Pair pair;
  pair.log.recording_fails = true;
  for (int64_t number = 0; number < 4; ++number) EXPECT(pair.agree(number, 2));
  EXPECT(pair.log.recorded == 1 && pair.log.replayed == 0 && pair.log.computed == 4);
}

TEST("recorded steps: where memory is too short for another kind beside them, there are none") {
  Pair pair;
  pair.log.recording_bytes = 1000;
  for (int64_t number = 0; number < 3; ++number) EXPECT(pair.agree(number, 2));
  EXPECT(pair.log.replayed == 1 && pair.log.alive == 1);
  pair.log.free = 999;
  EXPECT(pair.agree(3, 3));
  EXPECT(pair.log.alive == 0);
  for (int64_t number = 0; number < 3; ++number) EXPECT(pair.agree(number, 2));
  EXPECT(pair.log.recorded == 1 && pair.log.replayed == 1);
}

TEST("recorded steps: a run that fails says why, and the next one is as before") {
  Pair pair;
  EXPECT(pair.agree(1, 2));
  pair.log.before = [] { throw Error(ErrorCode::kShape, "by arrangement"); };
  EXPECT_THROWS(pair.agree(2, 2), ErrorCode::kShape, "by arrangement");
  pair.log.before = [] {};
  for (int64_t number = 2; number < 5; ++number) EXPECT(pair.agree(number, 2));
  EXPECT(pair.log.recorded == 1 && pair.log.replayed == 2);
}

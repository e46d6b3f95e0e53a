// Calls through a network together: to each its own images, failures and cancelling.
#include "runtime/run_calls.h"

#include <c10/core/InferenceMode.h>

#include <memory>
#include <string>
#include <vector>

#include "check.h"
#include "common/error.h"
#include "model/runs.h"

using namespace bigtransfer;
using namespace bigtransfer::runtime;

namespace {

/// Gives each image as its own map and the sum of it as its logits, and notes how it was run.
class EchoEngine final : public Engine {
 public:
  model::RunResult run(const CallImages& given, const model::Wanted& wanted,
                       const model::RunControl& control) const override {
    runs.push_back(given.count());
    control.between();
    const at::Tensor images = given.pixel_values.whole();
    if (images.size(0) > most) throw Error(ErrorCode::kOutOfMemory, "too many");
    left_out.clear();
    for (int64_t i = 0; control.left_out && i < images.size(0); ++i)
      left_out.push_back(control.left_out(i));
    model::RunResult result;
    if (wanted.logits) result.logits = images.sum({1, 2, 3}).unsqueeze(1);
    if (wanted.hidden_states) result.hidden_states = {images, images + 1};
    return result;
  }
  bool gathers() const override { return can_gather; }
  int64_t bytes() const override { return 0; }
  std::vector<std::string> take_warnings() const override { return {"warned"}; }

  bool can_gather = true;
  /// Images of a run; more are too much memory.
  int64_t most = 100;
  mutable std::vector<int64_t> runs;
  mutable std::vector<bool> left_out;
};

/// A call and whoever may cancel it.
struct Caller {
  ForwardRequest request;
  CancelToken token;
};

/// Images whose values count up from `first`.
Caller caller(float first, int64_t images) {
  model::Wanted wanted = test::only_logits();
  wanted.hidden_states = true;
  const at::Tensor values = at::arange(images * 4).to(at::kFloat).view({images, 1, 2, 2}) + first;
  return {{.images = {{{values}}, {}},
           .wanted = wanted,
           .labels = {},
           .problem = {},
           .profile = false,
           .priority = 0},
          {}};
}

std::vector<Outcome> run(const EchoEngine& engine, const std::vector<Caller>& callers) {
  std::vector<CallInput> inputs;
  for (const Caller& each : callers) inputs.push_back({&each.request, &each.token});
  return run_calls(engine, inputs);
}

const ForwardResult* result_of(const Outcome& outcome) {
  return std::get_if<ForwardResult>(&outcome);
}

bool is_cancelled(const Outcome& outcome) {
  const auto* thrown = std::get_if<std::exception_ptr>(&outcome);
  if (thrown == nullptr) return false;
  try {
    std::rethrow_exception(*thrown);
  } catch (const Cancelled&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// Whether the outcome is the caller's own: all its images, and none but them.
bool answers(const Outcome& outcome, const Caller& caller) {
  const ForwardResult* result = result_of(outcome);
  const at::Tensor& images = caller.request.images.pixel_values.first();
  return result != nullptr && result->run.logits.equal(images.sum({1, 2, 3}).unsqueeze(1)) &&
         result->run.hidden_states.at(0).equal(images) &&
         result->run.hidden_states.at(1).equal(images + 1);
}

}  // namespace

TEST("run_calls: each call gets its own images of one run, in every output") {
  const EchoEngine engine;
  const std::vector<Caller> callers{caller(0, 2), caller(100, 1), caller(200, 3)};
  const std::vector<Outcome> outcomes = run(engine, callers);
  EXPECT((engine.runs == std::vector<int64_t>{6}));
  for (size_t i = 0; i < callers.size(); ++i) EXPECT(answers(outcomes[i], callers[i]));
}

TEST("run_calls: one after the other where an answer's bits would depend on the rest") {
  EchoEngine engine;
  engine.can_gather = false;
  const std::vector<Caller> callers{caller(0, 2), caller(100, 1)};
  const std::vector<Outcome> outcomes = run(engine, callers);
  EXPECT((engine.runs == std::vector<int64_t>{2, 1}));
  for (size_t i = 0; i < callers.size(); ++i) EXPECT(answers(outcomes[i], callers[i]));
}

TEST("run_calls: a cancelled call is left out, and the others never know") {
  const EchoEngine engine;
  std::vector<Caller> callers{caller(0, 1), caller(100, 2), caller(200, 1)};
  callers[1].token.cancel();
  const std::vector<Outcome> outcomes = run(engine, callers);
  EXPECT((engine.left_out == std::vector<bool>{false, true, true, false}));
  EXPECT(answers(outcomes[0], callers[0]) && answers(outcomes[2], callers[2]));
  EXPECT(is_cancelled(outcomes[1]));
}

TEST("run_calls: a run stops when all of its calls are cancelled") {
  const EchoEngine engine;
  std::vector<Caller> callers{caller(0, 1), caller(100, 1)};
  for (Caller& each : callers) each.token.cancel();
  for (const Outcome& outcome : run(engine, callers)) EXPECT(is_cancelled(outcome));
  EXPECT(engine.left_out.empty());
}

TEST("run_calls: what is too much together runs call by call, and fails for those that it must") {
  EchoEngine engine;
  engine.most = 2;
  const std::vector<Caller> callers{caller(0, 1), caller(100, 3), caller(200, 2)};
  const std::vector<Outcome> outcomes = run(engine, callers);
  EXPECT((engine.runs == std::vector<int64_t>{6, 1, 3, 2}));
  EXPECT(answers(outcomes[0], callers[0]) && answers(outcomes[2], callers[2]));
  EXPECT(result_of(outcomes[1]) == nullptr && !is_cancelled(outcomes[1]));
}

TEST("run_calls: each call's loss is of its own labels; warnings go with one answer") {
  const c10::InferenceMode guard;
  const EchoEngine engine;
  std::vector<Caller> callers{caller(0, 1), caller(100, 2)};
  for (Caller& each : callers) {
    const at::Tensor& images = each.request.images.pixel_values.first();
    // One off what the engine answers: a squared error of 1.
    each.request.labels = images.sum({1, 2, 3}) + 1;
    each.request.problem = model::ProblemType::kRegression;
  }
  const std::vector<Outcome> outcomes = run(engine, callers);
  for (const Outcome& outcome : outcomes) EXPECT(result_of(outcome)->loss.item<float>() == 1.0F);
  EXPECT(result_of(outcomes[0])->warnings == std::vector<std::string>{"warned"});
  EXPECT(result_of(outcomes[1])->warnings.empty());
}

TEST("run_alike: calls that one run can answer, and no others") {
  const auto alike = [](const auto& change) {
    const Caller one = caller(0, 2);
    Caller other = caller(0, 3);
    change(other.request);
    const bool both = run_alike(one.request, other.request);
    EXPECT(both == run_alike(other.request, one.request));
    return both;
  };
  EXPECT(alike([](ForwardRequest&) {}));
  EXPECT(alike([](ForwardRequest& request) { request.priority = 3; }));
  EXPECT(!alike([](ForwardRequest& request) { request.profile = true; }));
  EXPECT(!alike([](ForwardRequest& request) { request.wanted.pooler_output = true; }));
  EXPECT(!alike([](ForwardRequest& request) {
    at::Tensor& images = request.images.pixel_values.parts.front();
    images = images.to(at::kHalf);
  }));
  EXPECT(!alike([](ForwardRequest& request) {
    request.images.pixel_values.parts.front() = at::zeros({3, 1, 2, 3});
  }));
  EXPECT(!alike([](ForwardRequest& request) {
    request.images.pixel_values.parts.front() = at::zeros({3, 2, 2});
  }));
}

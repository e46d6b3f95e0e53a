// One loaded model: calls, weights shared and let go, saving.
#include "runtime/session.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <future>

#include "check.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/fixtures.h"
#include "common/error.h"
#include "model/runs.h"
#include "model/small_spec.h"

using namespace bigtransfer;
using namespace bigtransfer::runtime;

namespace {

LoadRequest small_model(std::vector<std::string> files = {}) {
  return {.spec = test::small_spec(),
          .prefix = "bit.",
          .source = {std::move(files), {.mismatched_sizes = false, .most_keys = false}, /*seed=*/3},
          .compute = {.device = "cpu", .dtype = "float32", .allow_tf32 = false},
          .batching = {.max_batch = 8, .max_delay = {}, .max_queue = 0},
          .threads = 0,
          .description = "a small model"};
}

ForwardRequest call() {
  const c10::InferenceMode guard;
  return {.images = {{{at::ones({1, 3, 32, 32})}}, {}},
          .wanted = test::only_logits(),
          .labels = {},
          .problem = {},
          .profile = false,
          .priority = 0};
}

at::Tensor logits_of(const Session& session) {
  Executor::instance().configure(2);  // as the executor's tests need it, whoever comes first
  // The thread that tells of the end may still be in its call of this when the test goes on.
  const auto ended = std::make_shared<std::promise<Outcome>>();
  session.forward(call(), {}, [ended](Outcome outcome) { ended->set_value(std::move(outcome)); });
  const Outcome outcome = ended->get_future().get();
  return std::get<ForwardResult>(outcome).run.logits;
}

/// Whether the session lets go of the weights: soon after its last call was answered, too.
bool lets_go(Session& session) {
  const auto freed = std::make_shared<std::promise<void>>();
  session.dispose([freed] { freed->set_value(); });
  return freed->get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready;
}

}  // namespace

TEST("session: says what it is, answers, and counts") {
  const auto session = Session::load(small_model());
  EXPECT(session->device() == "cpu" && session->dtype() == "float32");
  EXPECT(session->description() == "a small model");
  EXPECT((logits_of(*session).sizes() == at::IntArrayRef{1, 7}));
  EXPECT(logits_of(*session).equal(logits_of(*session)));
  const SessionStats stats = session->stats();
  EXPECT(stats.calls.completed == 3 && stats.calls.failed == 0);
  EXPECT(stats.waiting == 0);
  EXPECT(stats.bytes == session->bytes() && stats.bytes > 0);
}

TEST("session: a device that is not there is refused before anything is read") {
  LoadRequest request = small_model({"/nowhere/model.safetensors"});
  EXPECT_THROWS(Session::load(request), ErrorCode::kCheckpoint, "/nowhere/model.safetensors");
  request.compute.device = "cuda:63";
  EXPECT_THROWS(Session::load(request), ErrorCode::kDevice, "cuda");
}

TEST("session: what is saved loads as the same model") {
  const checkpoint::test::TempDir dir;
  const std::string path = dir.path("a/folder/model.safetensors");
  const auto session = Session::load(small_model());
  Session::save(session->pin(), path);
  const auto again = Session::load(small_model({path}));
  EXPECT(again->loading_info().missing.empty() && again->loading_info().unexpected.empty());
  const auto tensors = Session::state_dict(again->pin());
  EXPECT(tensors.size() == Session::state_dict(session->pin()).size());
  for (const auto& [name, tensor] : Session::state_dict(session->pin()))
    EXPECT(checkpoint::Checkpoint::open({path}).tensor(name).equal(tensor));
  EXPECT(logits_of(*again).equal(logits_of(*session)));
}

TEST("session: rows of a parameter are those of the state dict, in the order asked for") {
  const auto session = Session::load(small_model());
  const auto tensors = Session::state_dict(session->pin());
  const auto find = [&](const std::string& name) {
    return std::ranges::find(tensors, name, &std::pair<std::string, at::Tensor>::first)->second;
  };
  const at::Tensor weight = find("classifier.1.weight");
  const at::Tensor rows = Session::parameter_rows(session->pin(), "classifier.1.weight", {6, 0, 6});
  EXPECT(rows.equal(at::stack({weight[6], weight[0], weight[6]})));
  const at::Tensor bias = Session::parameter_rows(session->pin(), "classifier.1.bias", {2});
  EXPECT(bias.equal(find("classifier.1.bias").narrow(0, 2, 1)));
  EXPECT_THROWS(Session::parameter_rows(session->pin(), "classifier.weight", {0}),
                ErrorCode::kConfig, "no parameter classifier.weight");
  for (const int64_t row : {-1, 7})
    EXPECT_THROWS(Session::parameter_rows(session->pin(), "classifier.1.bias", {0, row}),
                  ErrorCode::kShape, "7 rows");
}

TEST("session: after dispose() it refuses, and the weights go with the last call that pins them") {
  const auto session = Session::load(small_model());
  auto freed = std::make_shared<bool>(false);
  {
    const Session::Pin pin = session->pin();
    session->dispose([freed] { *freed = true; });
    EXPECT(!*freed);
    EXPECT(!Session::state_dict(pin).empty());
  }
  EXPECT(*freed);
  EXPECT(session->bytes() == 0);
  EXPECT_THROWS(session->pin(), ErrorCode::kDisposed, "disposed of");
  EXPECT_THROWS(session->stats(), ErrorCode::kDisposed, "disposed of");
  EXPECT_THROWS(session->expect_room(), ErrorCode::kDisposed, "disposed of");
  EXPECT_THROWS(session->share(), ErrorCode::kDisposed, "disposed of");
  EXPECT_THROWS(session->forward(call(), {}, [](const Outcome&) {}), ErrorCode::kDisposed,
                "disposed of");
  EXPECT(lets_go(*session));
}

TEST("session: shared weights are one copy, and stay for as long as somebody has them open") {
  const auto first = Session::load(small_model());
  const std::string token = first->share();
  const auto second = Session::open_shared(token);
  EXPECT(second->description() == first->description());
  EXPECT(logits_of(*second).equal(logits_of(*first)));
  EXPECT(second->stats().calls.completed == 2);
  EXPECT(lets_go(*first));
  EXPECT(logits_of(*second).defined());
  const auto third = Session::open_shared(token);
  EXPECT(lets_go(*second));
  EXPECT(logits_of(*third).defined());
  EXPECT(lets_go(*third));
  EXPECT_THROWS(Session::open_shared(token), ErrorCode::kDisposed, "has been disposed of");
  EXPECT_THROWS(Session::open_shared("none of ours"), ErrorCode::kConfig, "share()");
}

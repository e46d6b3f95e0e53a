// Every call that may start has a job of its own at the executor; the first of them to start takes
// the others along.
#include "runtime/batcher.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "common/error.h"
#include "runtime/run_calls.h"

namespace bigtransfer::runtime {
namespace {

using Clock = Timer::Clock;

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace

class Batcher::Call {
 public:
  Call(ForwardRequest request, CancelToken token, std::shared_ptr<const void> keep, Done done,
       Executor::Place place)
      : request(std::move(request)),
        token(std::move(token)),
        keep(std::move(keep)),
        done(std::move(done)),
        place(place) {}

  ForwardRequest request;
  const CancelToken token;
  std::shared_ptr<const void> keep;
  Done done;
  const Executor::Place place;
  const Clock::time_point called = Clock::now();
  /// Its job at the executor, once it may start; guarded by the batcher's lock.
  std::optional<Executor::Place> job;
};

Batcher::Batcher(const Engine& engine, BatchLimits limits, int width)
    : engine_(engine), limits_(limits), width_(width) {}

void Batcher::expect_room() {
  const std::lock_guard lock(mutex_);
  refuse_if_full();
}

void Batcher::refuse_if_full() {
  if (limits_.max_queue == 0 || waiting_.size() < limits_.max_queue) return;
  stats_.rejected();
  throw Error(ErrorCode::kOverloaded,
              "The model's queue is full: " + std::to_string(limits_.max_queue) +
                  " calls are waiting. Call again later");
}

std::shared_ptr<Batcher::Call> Batcher::submit(ForwardRequest request, const CancelToken& token,
                                               std::shared_ptr<const void> keep, Done done) {
  const std::lock_guard lock(mutex_);
  refuse_if_full();
  const Executor::Place place{-request.priority, submitted_++};
  auto call =
      std::make_shared<Call>(std::move(request), token, std::move(keep), std::move(done), place);
  waiting_.emplace(place, call);
  if (limits_.max_delay.count() == 0 || fills_batch(*call)) {
    release(call);
  } else {
    release_later(call);
  }
  return call;
}

bool Batcher::fills_batch(const Call& call) const {
  int64_t images = 0;
  for (const auto& [place, other] : waiting_) {
    if (&call == other.get() || run_alike(call.request, other->request))
      images += other->request.images();
    if (images >= limits_.max_batch) return true;
  }
  return false;
}

void Batcher::release(const std::shared_ptr<Call>& call) {
  if (call->job) return;
  call->job = Executor::instance().submit(
      {width_, call->request.priority, [self = shared_from_this(), call] { self->start(call); }});
}

void Batcher::release_later(const std::shared_ptr<Call>& call) {
  // A call that has gone by then is not kept until then.
  const std::weak_ptr<Call> weak = call;
  Timer::instance().at(call->called + limits_.max_delay, [self = weak_from_this(), weak] {
    const std::shared_ptr<Batcher> batcher = self.lock();
    const std::shared_ptr<Call> waiting = weak.lock();
    if (!batcher || !waiting) return;
    const std::lock_guard lock(batcher->mutex_);
    if (batcher->waiting_.contains(waiting->place)) batcher->release(waiting);
  });
}

void Batcher::withdraw(const std::shared_ptr<Call>& call) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.erase(call->place) == 0) return;
    if (call->job) Executor::instance().remove(*call->job);
  }
  end(*call, std::make_exception_ptr(Cancelled()));
}

size_t Batcher::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

Batcher::Calls Batcher::gather(const std::shared_ptr<Call>& call) {
  Calls calls;
  const std::lock_guard lock(mutex_);
  if (!waiting_.contains(call->place)) return calls;
  take(call, calls);
  int64_t images = call->request.images();
  const int64_t most = engine_.gathers() ? std::min(limits_.max_batch, fair_share()) : 1;
  for (auto next = waiting_.begin(); next != waiting_.end() && images < most;) {
    const std::shared_ptr<Call> other = (next++)->second;
    if (images + other->request.images() > most || !run_alike(call->request, other->request))
      continue;
    images += other->request.images();
    take(other, calls);
  }
  return calls;
}

int64_t Batcher::fair_share() const {
  const int threads = Executor::instance().threads();
  const int64_t side_by_side = width_ < 1 ? 1 : std::max(1, threads / width_);
  return static_cast<int64_t>(waiting_.size()) / side_by_side + 1;
}

void Batcher::take(const std::shared_ptr<Call>& call, Calls& calls) {
  waiting_.erase(call->place);
  // False for the call whose job this is.
  if (call->job) Executor::instance().remove(*call->job);
  calls.push_back(call);
  ++running_;
}

void Batcher::start(const std::shared_ptr<Call>& call) {
  const Calls calls = gather(call);
  if (!calls.empty()) run(calls);
}

void Batcher::run(const Calls& calls) {
  std::vector<CallInput> inputs;
  int64_t images = 0;
  for (const auto& call : calls) {
    inputs.push_back({&call->request, &call->token});
    images += call->request.images();
  }
  const Clock::time_point started = Clock::now();
  std::vector<Outcome> outcomes = run_calls(engine_, inputs);
  const double computed = milliseconds(Clock::now() - started);
  stats_.batch(images);
  bool first = true;
  for (size_t i = 0; i < calls.size(); ++i) {
    if (auto* result = std::get_if<ForwardResult>(&outcomes[i])) {
      result->times = {milliseconds(started - calls[i]->called), computed,
                       static_cast<int64_t>(calls.size()), images, first};
      first = false;
    }
    --running_;
    end(*calls[i], std::move(outcomes[i]));
  }
}

void Batcher::end(Call& call, Outcome outcome) {
  stats_.end(outcome);
  // Before the caller hears of it: inputs must not wait for the event loop.
  call.request = {};
  const Done done = std::move(call.done);
  done(std::move(outcome));
  call.keep.reset();
}

}  // namespace bigtransfer::runtime

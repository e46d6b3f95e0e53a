// Every call that may start has a job of its own at the executor; the first of them to start takes
// the others along.
#include "runtime/batcher.h"

#include <algorithm>
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
  /// Whether it has a job at the executor, at its place; guarded by the batcher's lock.
  bool is_released = false;
};

Batcher::Batcher(const Engine& engine, BatchLimits limits, int width)
    : engine_(engine), limits_(limits), width_(width) {}

void Batcher::expect_room() {
  const std::lock_guard lock(mutex_);
  refuse_if_full();
}

void Batcher::refuse_if_full() {
  if (!is_full()) return;
  stats_.rejected();
  throw Error(ErrorCode::kOverloaded, "The model's queue is full: as many calls wait as may (" +
                                          std::to_string(limits_.max_queue) +
                                          "). Call again later");
}

std::shared_ptr<Batcher::Call> Batcher::submit(ForwardRequest request, const CancelToken& token,
                                               std::shared_ptr<const void> keep, Done done) {
  const std::lock_guard lock(mutex_);
  refuse_if_full();
  const Executor::Place place = Executor::instance().reserve(request.priority);
  auto call =
      std::make_shared<Call>(std::move(request), token, std::move(keep), std::move(done), place);
  waiting_.emplace(place, call);
  try {
    admit(call);
  } catch (...) {
    waiting_.erase(place);
    throw;
  }
  return call;
}

void Batcher::admit(const std::shared_ptr<Call>& call) {
  const bool has_mates = engine_.gathers() && !call->request.profile;
  if (limits_.max_delay.count() == 0 || !has_mates) return release(call);
  // Nobody can join a full queue.
  const bool all = is_full();
  const int64_t images = images_alike(*call, Waiting::kForOthers, limits_.max_batch);
  if (!all && images < limits_.max_batch) return release_later(call);
  for (const auto& [place, other] : waiting_) {
    if (all || other == call || run_alike(call->request, other->request)) release(other);
  }
}

int64_t Batcher::images_alike(const Call& call, Waiting which, int64_t most) const {
  int64_t images = call.request.images.count();
  for (auto next = waiting_.begin(); next != waiting_.end() && images < most; ++next) {
    const Call& other = *next->second;
    const bool counts = which == Waiting::kAtAll || !other.is_released;
    if (counts && &other != &call && run_alike(call.request, other.request))
      images += other.request.images.count();
  }
  return images;
}

void Batcher::release(const std::shared_ptr<Call>& call) {
  if (call->is_released) return;
  const auto start = [self = shared_from_this(), call] { self->start(call); };
  Executor::instance().submit(call->place, {width_, start});
  call->is_released = true;
}

void Batcher::release_later(const std::shared_ptr<Call>& call) {
  // A call that has gone by then is not kept until then.
  const std::weak_ptr<Call> weak = call;
  Timer::instance().at(call->called + limits_.max_delay, [self = weak_from_this(), weak] {
    const std::shared_ptr<Batcher> batcher = self.lock();
    const std::shared_ptr<Call> waiting = weak.lock();
    if (batcher && waiting) batcher->overdue(waiting);
  });
}

void Batcher::overdue(const std::shared_ptr<Call>& call) {
  try {
    const std::lock_guard lock(mutex_);
    if (waiting_.contains(call->place)) release(call);
  } catch (...) {
    // There is no thread to run it.
    const std::exception_ptr failure = std::current_exception();
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.erase(call->place) == 0) return;
    }
    end(*call, failure);
  }
}

void Batcher::hurry() {
  std::vector<std::shared_ptr<Call>> calls;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [place, call] : waiting_) {
      if (!call->is_released) calls.push_back(call);
    }
  }
  for (const auto& call : calls) overdue(call);
}

void Batcher::withdraw(const std::shared_ptr<Call>& call) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.erase(call->place) == 0) return;
    if (call->is_released) Executor::instance().remove(call->place);
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
  if (!engine_.gathers()) return calls;
  int64_t images = call->request.images.count();
  const int64_t most = engine_.best_batch(std::min(limits_.max_batch, fair_share(*call)));
  for (auto next = waiting_.begin(); next != waiting_.end() && images < most;) {
    const std::shared_ptr<Call> other = (next++)->second;
    if (images + other->request.images.count() > most || !run_alike(call->request, other->request))
      continue;
    images += other->request.images.count();
    take(other, calls);
  }
  return calls;
}

int64_t Batcher::fair_share(const Call& call) const {
  const int threads = Executor::instance().threads();
  const int64_t side_by_side = width_ < 1 ? 1 : std::max(1, threads / width_);
  const int64_t images = images_alike(call, Waiting::kAtAll, limits_.max_batch * side_by_side);
  return (images + side_by_side - 1) / side_by_side;
}

void Batcher::take(const std::shared_ptr<Call>& call, Calls& calls) {
  waiting_.erase(call->place);
  // False for the call whose job this is.
  if (call->is_released) Executor::instance().remove(call->place);
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
    images += call->request.images.count();
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

// A model's queue: calls that are alike leave it together.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/call.h"
#include "runtime/call_stats.h"
#include "runtime/cancel.h"
#include "runtime/engine.h"
#include "runtime/executor.h"
#include "runtime/timer.h"

namespace bigtransfer::runtime {

struct BatchLimits {
  /// Images of a batch; calls of as many or more go alone.
  int64_t max_batch;
  /// How long a call waits for others while threads are free.
  std::chrono::microseconds max_delay;
  /// Calls that may wait; 0: any number.
  size_t max_queue;
};

/// Gathers when threads are free to compute, not before: a lone call starts at once, and while one
/// batch runs the next one grows.
class Batcher : public std::enable_shared_from_this<Batcher> {
 public:
  using Done = std::function<void(Outcome)>;
  /// A call in the queue or on its way.
  class Call;

  /// Runs on `width` threads (0: all, kOnDevice: none) through `engine`, which must outlive the
  /// calls: see submit().
  Batcher(const Engine& engine, BatchLimits limits, int width);

  /// Throws Error kOverloaded when the queue is full.
  void expect_room();

  /// Queues a call. `done` gets its outcome once, from any thread; `keep` is held until then.
  /// Throws as expect_room(), and Error kOutOfMemory when there is no thread to run it.
  std::shared_ptr<Call> submit(ForwardRequest request, const CancelToken& token,
                               std::shared_ptr<const void> keep, Done done);

  /// After its token was cancelled: ends the call at once if it is still waiting. One that runs
  /// stops before its next layer.
  void withdraw(const std::shared_ptr<Call>& call);

  /// Waiting calls wait for threads alone from now on: nobody will join them.
  void hurry();

  CallCounts counts() const { return stats_.counts(); }
  size_t waiting() const;
  size_t running() const { return running_; }

 private:
  using Calls = std::vector<std::shared_ptr<Call>>;

  /// The rest of these need the lock held.
  void refuse_if_full();
  enum class Waiting { kForOthers, kAtAll };
  /// Images of the call and of those that wait and are alike, counted until there are `most`.
  int64_t images_alike(const Call& call, Waiting which, int64_t most) const;
  bool is_full() const { return limits_.max_queue > 0 && waiting_.size() >= limits_.max_queue; }
  /// Now or later, with those that the call completes a batch of.
  void admit(const std::shared_ptr<Call>& call);
  /// Lets the executor start the call, with others that it then finds.
  void release(const std::shared_ptr<Call>& call);
  /// Takes the call and those that are alike out of the queue; empty if it has left already.
  Calls gather(const std::shared_ptr<Call>& call);
  void take(const std::shared_ptr<Call>& call, Calls& calls);
  /// Images that one batch may take, so that others of narrow models can run beside it.
  int64_t fair_share(const Call& call) const;
  void release_later(const std::shared_ptr<Call>& call);

  /// The rest take it themselves. A call that has waited for others long enough.
  void overdue(const std::shared_ptr<Call>& call);
  /// On a compute thread.
  void start(const std::shared_ptr<Call>& call);
  void run(const Calls& calls);
  void end(Call& call, Outcome outcome);

  const Engine& engine_;
  const BatchLimits limits_;
  const int width_;
  CallStats stats_;
  mutable std::mutex mutex_;
  /// In the order in which they are to start.
  std::map<Executor::Place, std::shared_ptr<Call>> waiting_;
  std::atomic<size_t> running_ = 0;
};

}  // namespace bigtransfer::runtime

// The executor: order, width limits, concurrency.
#include "runtime/executor.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "check.h"
#include "common/error.h"

using namespace bigtransfer;
using runtime::Executor;

namespace {

/// Two threads on any machine; set before the first job, as it must be.
Executor& executor() {
  Executor& instance = Executor::instance();
  instance.configure(2);
  return instance;
}

/// An event that threads wait for. Copies are the same event, and it lives as long as any of them:
/// a job may still be in a call of it when the test that it let go has returned.
class Event {
 public:
  void set() const { state_->promise.set_value(); }
  void wait() const { state_->future.wait(); }

 private:
  struct State {
    std::promise<void> promise;
    std::shared_future<void> future = promise.get_future().share();
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace

TEST("executor: never runs more threads together than it has") {
  std::atomic<int> running = 0;
  std::atomic<int> highest = 0;
  std::atomic<int> left = 200;
  const Event done;
  for (int i = 0; i < 200; ++i) {
    executor().submit(1, [&running, &highest, &left, done] {
      const int now = ++running;
      int seen = highest;
      while (seen < now && !highest.compare_exchange_weak(seen, now)) {
      }
      std::this_thread::yield();
      --running;
      if (--left == 0) done.set();
    });
  }
  done.wait();
  EXPECT(executor().threads() == 2);
  EXPECT(highest >= 1 && highest <= 2);
}

TEST("executor: narrow jobs run side by side") {
  // Each waits for the other, which one thread alone could never end.
  const Event first;
  const Event second;
  const Event met;
  executor().submit(1, [first, second] {
    first.set();
    second.wait();
  });
  executor().submit(1, [first, second, met] {
    first.wait();
    second.set();
    met.set();
  });
  met.wait();
  EXPECT(true);
}

TEST("executor: wide jobs run in order, one after the other") {
  std::vector<int> order;
  const Event done;
  for (int i = 0; i < 20; ++i) {
    executor().submit(0, [&order, done, i] {
      order.push_back(i);
      if (i == 19) done.set();
    });
  }
  done.wait();
  EXPECT(order.size() == 20);
  for (size_t i = 0; i < order.size(); ++i) EXPECT(order[i] == static_cast<int>(i));
}

TEST("executor: jobs on devices take no thread, and a few of them run at once") {
  // Both threads are taken, and yet all of these meet.
  constexpr int kJobs = 4;
  const Event release;
  const Event busy;
  executor().submit(0, [busy, release] {
    busy.set();
    release.wait();
  });
  busy.wait();
  std::atomic<int> here = 0;
  const Event met;
  for (int i = 0; i < kJobs; ++i) {
    executor().submit(runtime::kOnDevice, [&here, met] {
      if (++here == kJobs) met.set();
      met.wait();
    });
  }
  met.wait();
  EXPECT(here == kJobs);
  release.set();
}

TEST("executor: at most eight jobs on devices at once, in order") {
  std::atomic<int> running = 0;
  std::atomic<int> highest = 0;
  std::atomic<int> left = 100;
  const Event done;
  for (int i = 0; i < 100; ++i) {
    executor().submit(runtime::kOnDevice, [&running, &highest, &left, done] {
      const int now = ++running;
      int seen = highest;
      while (seen < now && !highest.compare_exchange_weak(seen, now)) {
      }
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      --running;
      if (--left == 0) done.set();
    });
  }
  done.wait();
  EXPECT(highest > 2 && highest <= 8);
}

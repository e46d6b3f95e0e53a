// The executor: order, width limits, concurrency.
#include "runtime/executor.h"

#include <ATen/Parallel.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <thread>
#include <utility>
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

Executor::Place submit_at(int priority, int width, std::function<void()> run) {
  const Executor::Place place = executor().reserve(priority);
  executor().submit(place, {width, std::move(run)});
  return place;
}

/// A job of priority 0.
Executor::Place submit(int width, std::function<void()> run) {
  return submit_at(0, width, std::move(run));
}

/// An event that threads wait for. Copies are the same event, and it lives as long as any of them:
/// a job may still be in a call of it when the test that it let go has returned.
class Event {
 public:
  void set() const { state_->promise.set_value(); }
  void wait() const { state_->future.wait(); }
  /// Whether it comes within this time.
  bool within(std::chrono::milliseconds time) const {
    return state_->future.wait_for(time) == std::future_status::ready;
  }

 private:
  struct State {
    std::promise<void> promise;
    std::shared_future<void> future = promise.get_future().share();
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace

/// Within which what is due has come, on a busy machine too.
constexpr std::chrono::seconds kSoon{20};

/// What at::get_num_threads() says in two jobs of one thread that run side by side.
std::vector<int> widths_side_by_side(bool asks) {
  std::vector<int> widths(2, 0);
  std::latch together(2);
  std::latch done(2);
  for (int& width : widths) {
    submit(1, [&, asks] {
      together.arrive_and_wait();
      if (asks) width = at::get_num_threads();
      done.count_down();
    });
  }
  done.wait();
  return widths;
}

TEST("executor: a worker keeps its width, whatever other threads set before it first asks") {
  widths_side_by_side(/*asks=*/false);
  const int team = at::get_num_threads();
  at::set_num_threads(2);
  EXPECT((widths_side_by_side(/*asks=*/true) == std::vector<int>{1, 1}));
  at::set_num_threads(team);
}

TEST("executor: never runs more threads together than it has") {
  std::atomic<int> running = 0;
  std::atomic<int> highest = 0;
  std::atomic<int> left = 200;
  const Event done;
  for (int i = 0; i < 200; ++i) {
    submit(1, [&running, &highest, &left, done] {
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
  submit(1, [first, second] {
    first.set();
    second.wait();
  });
  submit(1, [first, second, met] {
    first.wait();
    second.set();
    met.set();
  });
  met.wait();
  EXPECT(true);
}

TEST("executor: a job of a higher priority starts first; one that is removed never does") {
  std::vector<int> order;
  const Event begun;
  const Event release;
  const Event done;
  const auto first = submit(0, [begun, release] {
    begun.set();
    release.wait();
  });
  begun.wait();
  submit_at(-1, 0, [&order, done] {
    order.push_back(1);
    done.set();
  });
  const auto held = std::make_shared<int>(0);
  const auto removed = submit(0, [&order, held] { order.push_back(2); });
  submit_at(5, 0, [&order] { order.push_back(3); });
  EXPECT(held.use_count() == 2);
  EXPECT(executor().remove(removed));
  EXPECT(held.use_count() == 1);
  EXPECT(!executor().remove(removed));
  EXPECT(!executor().remove(first));
  release.set();
  done.wait();
  EXPECT((order == std::vector<int>{3, 1}));
}

TEST("executor: when a wide job is withdrawn, the narrow one behind it starts at once") {
  const Event begun;
  const Event release;
  const Event started;
  submit(1, [begun, release] {
    begun.set();
    release.wait();
  });
  begun.wait();
  const auto wide = submit(0, [] {});
  // The first job runs until this one has started.
  submit(1, [started, release] {
    started.set();
    release.set();
  });
  EXPECT(!started.within(std::chrono::milliseconds(20)));
  EXPECT(executor().remove(wide));
  EXPECT(started.within(kSoon));
  if (!started.within({})) release.set();
}

TEST("executor: wide jobs run in order, one after the other") {
  std::vector<int> order;
  const Event done;
  for (int i = 0; i < 20; ++i) {
    submit(0, [&order, done, i] {
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
  submit(0, [busy, release] {
    busy.set();
    release.wait();
  });
  busy.wait();
  std::atomic<int> here = 0;
  const Event met;
  for (int i = 0; i < kJobs; ++i) {
    submit(runtime::kOnDevice, [&here, met] {
      if (++here == kJobs) met.set();
      met.wait();
    });
  }
  met.wait();
  EXPECT(here == kJobs);
  release.set();
}

TEST("executor: a job on a device can be removed while it waits") {
  constexpr int kMost = 8;
  const Event release;
  std::vector<Executor::Place> running;
  for (int i = 0; i < kMost; ++i)
    running.push_back(submit(runtime::kOnDevice, [release] { release.wait(); }));
  const auto held = std::make_shared<int>(0);
  const auto waiting = submit(runtime::kOnDevice, [held] {});
  EXPECT(executor().remove(waiting));
  EXPECT(held.use_count() == 1);
  EXPECT(!executor().remove(running.front()));
  release.set();
}

TEST("executor: at most eight jobs on devices at once, in order") {
  std::atomic<int> running = 0;
  std::atomic<int> highest = 0;
  std::atomic<int> left = 100;
  const Event done;
  for (int i = 0; i < 100; ++i) {
    submit(runtime::kOnDevice, [&running, &highest, &left, done] {
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

// The executor: order, width limits, concurrency.
#include "runtime/executor.h"

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

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

}  // namespace

TEST("executor: never runs more threads together than it has") {
  std::atomic<int> running = 0;
  std::atomic<int> highest = 0;
  std::atomic<int> left = 200;
  std::promise<void> done;
  for (int i = 0; i < 200; ++i) {
    executor().submit(1, [&] {
      const int now = ++running;
      int seen = highest;
      while (seen < now && !highest.compare_exchange_weak(seen, now)) {
      }
      std::this_thread::yield();
      --running;
      if (--left == 0) done.set_value();
    });
  }
  done.get_future().wait();
  EXPECT(executor().threads() == 2);
  EXPECT(highest >= 1 && highest <= 2);
}

TEST("executor: narrow jobs run side by side") {
  // Each waits for the other, which one thread alone could never end.
  std::promise<void> first;
  std::promise<void> second;
  std::promise<void> met;
  executor().submit(1, [&] {
    first.set_value();
    second.get_future().wait();
  });
  executor().submit(1, [&] {
    first.get_future().wait();
    second.set_value();
    met.set_value();
  });
  met.get_future().wait();
  EXPECT(true);
}

TEST("executor: wide jobs run in order, one after the other") {
  std::vector<int> order;
  std::promise<void> done;
  for (int i = 0; i < 20; ++i) {
    executor().submit(0, [&, i] {
      order.push_back(i);
      if (i == 19) done.set_value();
    });
  }
  done.get_future().wait();
  EXPECT(order.size() == 20);
  for (size_t i = 0; i < order.size(); ++i) EXPECT(order[i] == static_cast<int>(i));
}

TEST("executor: jobs on devices take no thread, and a few of them run at once") {
  // Both threads are taken, and yet all of these meet.
  constexpr int kJobs = 4;
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::promise<void> busy;
  executor().submit(0, [&busy, released] {
    busy.set_value();
    released.wait();
  });
  busy.get_future().wait();
  std::atomic<int> here = 0;
  std::promise<void> met;
  const std::shared_future<void> all_met = met.get_future().share();
  for (int i = 0; i < kJobs; ++i) {
    executor().submit(runtime::kOnDevice, [&, all_met] {
      if (++here == kJobs) met.set_value();
      all_met.wait();
    });
  }
  all_met.wait();
  EXPECT(here == kJobs);
  release.set_value();
}

TEST("executor: at most eight jobs on devices at once, in order") {
  std::atomic<int> running = 0;
  std::atomic<int> highest = 0;
  std::atomic<int> left = 100;
  std::promise<void> done;
  for (int i = 0; i < 100; ++i) {
    executor().submit(runtime::kOnDevice, [&] {
      const int now = ++running;
      int seen = highest;
      while (seen < now && !highest.compare_exchange_weak(seen, now)) {
      }
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      --running;
      if (--left == 0) done.set_value();
    });
  }
  done.get_future().wait();
  EXPECT(highest > 2 && highest <= 8);
}

// The executor: order, width limits, concurrency.
#include "runtime/executor.h"

#include <atomic>
#include <future>
#include <memory>
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

/// Held by all who use it: whoever waits may be gone before set() returns.
class Signal {
 public:
  void set() { promise_.set_value(); }
  void wait() const { future_.wait(); }

 private:
  std::promise<void> promise_;
  std::shared_future<void> future_ = promise_.get_future().share();
};

}  // namespace

TEST("executor: never runs more threads together than it has") {
  std::atomic<int> running = 0;
  std::atomic<int> highest = 0;
  std::atomic<int> left = 200;
  const auto done = std::make_shared<Signal>();
  for (int i = 0; i < 200; ++i) {
    executor().submit({1, 0, [&, done] {
                         const int now = ++running;
                         int seen = highest;
                         while (seen < now && !highest.compare_exchange_weak(seen, now)) {
                         }
                         std::this_thread::yield();
                         --running;
                         if (--left == 0) done->set();
                       }});
  }
  done->wait();
  EXPECT(executor().threads() == 2);
  EXPECT(highest >= 1 && highest <= 2);
}

TEST("executor: narrow jobs run side by side") {
  // Each waits for the other, which one thread alone could never end.
  const auto first = std::make_shared<Signal>();
  const auto second = std::make_shared<Signal>();
  const auto ended = std::make_shared<Signal>();
  executor().submit({1, 0, [=] {
                       first->set();
                       second->wait();
                       ended->set();
                     }});
  executor().submit({1, 0, [=] {
                       first->wait();
                       second->set();
                     }});
  ended->wait();
  EXPECT(true);
}

TEST("executor: a job of a higher priority starts first; one that is removed never does") {
  std::vector<int> order;
  const auto begun = std::make_shared<Signal>();
  const auto released = std::make_shared<Signal>();
  const auto done = std::make_shared<Signal>();
  const auto first = executor().submit({0, 0, [=] {
                                          begun->set();
                                          released->wait();
                                        }});
  begun->wait();
  executor().submit({0, -1, [&order, done] {
                       order.push_back(1);
                       done->set();
                     }});
  const auto held = std::make_shared<int>(0);
  const auto removed = executor().submit({0, 0, [&order, held] { order.push_back(2); }});
  executor().submit({0, 5, [&order] { order.push_back(3); }});
  EXPECT(held.use_count() == 2);
  EXPECT(executor().remove(removed));
  EXPECT(held.use_count() == 1);
  EXPECT(!executor().remove(removed));
  EXPECT(!executor().remove(first));
  released->set();
  done->wait();
  EXPECT((order == std::vector<int>{3, 1}));
}

TEST("executor: wide jobs run in order, one after the other") {
  std::vector<int> order;
  const auto done = std::make_shared<Signal>();
  for (int i = 0; i < 20; ++i) {
    executor().submit({0, 0, [&, i, done] {
                         order.push_back(i);
                         if (i == 19) done->set();
                       }});
  }
  done->wait();
  EXPECT(order.size() == 20);
  for (size_t i = 0; i < order.size(); ++i) EXPECT(order[i] == static_cast<int>(i));
}

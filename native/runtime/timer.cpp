// Sleeps until the earliest of its times.
#include "runtime/timer.h"

#include <utility>

#include "common/start_thread.h"

namespace bigtransfer::runtime {

Timer& Timer::instance() {
  static auto* const timer = new Timer();
  return *timer;
}

void Timer::at(Clock::time_point time, std::function<void()> action) {
  const std::lock_guard lock(mutex_);
  if (!started_) {
    start_thread([this] { work(); });
    started_ = true;
  }
  actions_.emplace(time, std::move(action));
  changed_.notify_one();
}

void Timer::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (actions_.empty()) {
      changed_.wait(lock);
    } else if (const auto first = actions_.begin(); first->first > Clock::now()) {
      changed_.wait_until(lock, first->first);
    } else {
      const std::function<void()> action = std::move(first->second);
      actions_.erase(first);
      lock.unlock();
      action();
      lock.lock();
    }
  }
}

}  // namespace bigtransfer::runtime

// Things to do a little later.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>

namespace bigtransfer::runtime {

/// One sleeping thread for the whole process, made when it is first needed.
class Timer {
 public:
  using Clock = std::chrono::steady_clock;

  /// Never destroyed, as the executor.
  static Timer& instance();

  /// Calls `action`, which must be short and must not throw, at that time or soon after. Throws
  /// Error kOutOfMemory when the system gives no thread for it.
  void at(Clock::time_point time, std::function<void()> action);

 private:
  Timer() = default;
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Clock::time_point, std::function<void()>> actions_;
  bool started_ = false;
};

}  // namespace bigtransfer::runtime

// How long a thread has waited for a core while it had work.
#pragma once

#include <chrono>
#include <ctime>

namespace bigtransfer {

/// Since it was made, on one thread that neither sleeps nor waits meanwhile: the clock's time less
/// the thread's own on a core.
class LostTime {
 public:
  /// More than what the system takes for its own: another program has had the core.
  bool is_much() const { return now() - start_ > kMuch; }

 private:
  using Duration = std::chrono::nanoseconds;
  static constexpr std::chrono::microseconds kMuch{300};

  static Duration read(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
  }
  static Duration now() { return read(CLOCK_MONOTONIC) - read(CLOCK_THREAD_CPUTIME_ID); }

  Duration start_ = now();
};

}  // namespace bigtransfer

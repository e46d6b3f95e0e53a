// How long a thread has waited for a core while it had work.
#pragma once

#include <chrono>
#include <ctime>

namespace bigtransfer {

/// Since it was made, on one thread that neither sleeps nor waits meanwhile: the clock's time less
/// the thread's own on a core.
class LostTime {
 public:
  struct Times {
    std::chrono::nanoseconds elapsed;
    std::chrono::nanoseconds lost;
    /// More than what the system takes for its own: another program has had the core.
    bool is_much() const { return lost > std::chrono::microseconds(300); }
  };

  Times until_now() const {
    const std::chrono::nanoseconds elapsed = read(CLOCK_MONOTONIC) - start_;
    return {elapsed, elapsed - (read(CLOCK_THREAD_CPUTIME_ID) - computed_)};
  }

 private:
  static std::chrono::nanoseconds read(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }

  std::chrono::nanoseconds start_ = read(CLOCK_MONOTONIC);
  std::chrono::nanoseconds computed_ = read(CLOCK_THREAD_CPUTIME_ID);
};

}  // namespace bigtransfer

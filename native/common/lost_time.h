// How long a thread has waited for a core while it had work.
#pragma once

#include <chrono>
#include <ctime>

namespace bigtransfer {

/// The clock's time less the thread's own on a core, as long as it neither sleeps nor waits.
class LostTime {
 public:
  using Clock = std::chrono::steady_clock;
  /// More than what the system takes for its own: another program has had the core.
  static constexpr std::chrono::microseconds kMuch{300};

  struct Times {
    Clock::duration elapsed;
    Clock::duration lost;
    bool is_much() const { return lost > kMuch; }
  };

  static LostTime& of_this_thread() {
    thread_local LostTime time;
    return time;
  }

  /// After its thread has slept or waited, which is no loss.
  void restart() {
    seen_ = Clock::now();
    computed_ = computed();
  }

  /// Of work that began at `begin`, with what was lost just before it. A thread's own time costs a
  /// call of the system: it is left where no more than kMuch can have been lost.
  Times since(Clock::time_point begin) {
    const Clock::time_point now = Clock::now();
    if (now - begin <= kMuch) return {now - begin, Clock::duration::zero()};
    const Clock::time_point seen = seen_;
    const std::chrono::nanoseconds before = computed_;
    restart();
    return {now - begin, (seen_ - seen) - (computed_ - before)};
  }

 private:
  static std::chrono::nanoseconds computed() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }

  Clock::time_point seen_ = Clock::now();
  std::chrono::nanoseconds computed_ = computed();
};

}  // namespace bigtransfer

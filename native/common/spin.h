// Short active waits.
#pragma once

#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace bigtransfer {

/// Tells the processor that its thread waits.
inline void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

/// About what it takes to put a thread to sleep and to wake it again: waits that turn out longer
/// cost at most twice what they must.
inline constexpr std::chrono::microseconds kSpin{50};

/// Whether `is_so` has become true within kSpin.
template <typename Condition>
bool spin_until(const Condition& is_so) {
  constexpr int kTurns = 16;
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int turn = 0; turn < kTurns; ++turn) {
      if (is_so()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

}  // namespace bigtransfer

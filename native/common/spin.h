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

/// Whether `is_so` has become true within `most`.
template <typename Condition>
bool spin_until(const Condition& is_so, std::chrono::microseconds most) {
  constexpr int kTurns = 16;
  const auto end = std::chrono::steady_clock::now() + most;
  do {
    for (int turn = 0; turn < kTurns; ++turn) {
      if (is_so()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

}  // namespace bigtransfer

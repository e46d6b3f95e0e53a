// Counts threads by starting them.
#include "common/start_thread.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <latch>
#include <vector>

namespace bigtransfer {
namespace {

using Clock = std::chrono::steady_clock;

/// Twice as many as Node starts when its first file is read.
constexpr int kSpare = 8;
constexpr std::chrono::seconds kRefusal{1};

/// The first allocation of a thread reserves memory for its later ones.
void allocate_once() {
  void* volatile memory = std::malloc(1);
  std::free(memory);
}

}  // namespace

int startable_threads(int wanted) {
  static std::atomic<Clock::time_point> refused_until{};
  if (Clock::now() < refused_until.load()) return 0;
  std::vector<std::thread> threads;
  std::latch all_there(1);
  try {
    threads.reserve(static_cast<size_t>(wanted + kSpare));
    while (static_cast<int>(threads.size()) < wanted + kSpare) {
      threads.emplace_back([&all_there] {
        allocate_once();
        all_there.wait();
      });
    }
  } catch (const std::system_error&) {
    refused_until = Clock::now() + kRefusal;
  }
  all_there.count_down();
  for (std::thread& thread : threads) thread.join();
  return std::max(0, static_cast<int>(threads.size()) - kSpare);
}

}  // namespace bigtransfer

// Sets OpenMP's own width, not ATen's: at::set_num_threads() also fills a pool of threads that no
// operator on CPUs uses, without looking at whether they start, and that crashes at exit where they
// did not.
#include "runtime/openmp_team.h"

#include <omp.h>

#include <algorithm>
#include <latch>
#include <system_error>
#include <thread>
#include <vector>

namespace bigtransfer::runtime {
namespace {

/// Threads that are left to Node, whose own pool ends the process when it is refused one.
constexpr int kSpare = 4;

/// How many threads the system gives, up to `wanted`: all of them wait until the last one is there.
int threads_given(int wanted) {
  std::vector<std::thread> threads;
  std::latch all_there(1);
  try {
    threads.reserve(static_cast<size_t>(wanted));
    while (static_cast<int>(threads.size()) < wanted)
      threads.emplace_back([&all_there] { all_there.wait(); });
  } catch (const std::system_error&) {
    // As many as there are.
  }
  all_there.count_down();
  for (std::thread& thread : threads) thread.join();
  return static_cast<int>(threads.size());
}

/// Makes libgomp start its threads now, while there is room for them.
void start_team(int width) {
#pragma omp parallel num_threads(width)
  {}
}

}  // namespace

void OpenMpTeam::resize(int width) {
  if (width == width_) return;
  if (width > startable_) {
    const int helpers = threads_given(width - 1 + kSpare) - kSpare;
    startable_ = std::max(1, std::min(width, helpers + 1));
    start_team(startable_);
  }
  // It belongs to the thread that sets it.
  omp_set_num_threads(std::min(width, startable_));
  width_ = width;
}

}  // namespace bigtransfer::runtime

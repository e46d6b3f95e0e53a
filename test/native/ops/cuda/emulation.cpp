// Each thread has a stack of its own; a barrier goes back to the loop over the threads.
#define BIGTRANSFER_EMULATE_CUDA
#include <ucontext.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "ops/cuda/launch.h"

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace bigtransfer::ops::cuda {

emulation::Index threadIdx;
emulation::Index blockIdx;
emulation::Index gridDim;

namespace {

constexpr size_t kStackBytes = 64 * 1024;

/// The thread sanitizer keeps a call stack for each fiber, and must be told which one runs.
#if defined(__SANITIZE_THREAD__)
void* new_fiber() { return __tsan_create_fiber(0); }
void* running_fiber() { return __tsan_get_current_fiber(); }
void announce(void* fiber) { __tsan_switch_to_fiber(fiber, 0); }
#else
void* new_fiber() { return nullptr; }
void* running_fiber() { return nullptr; }
void announce(void*) {}
#endif

struct Context {
  ucontext_t place;
  void* fiber;
};

struct Thread {
  Context context;
  std::vector<char> stack = std::vector<char>(kStackBytes);
  bool ended = false;
};

Context scheduler;
Thread* current = nullptr;
const std::function<void()>* body = nullptr;
std::vector<float> shared;

/// Behind a block's shared memory, to see whether anything wrote there: a number that no sum is.
constexpr float kGuard = -1.2345678e-30F;
constexpr std::ptrdiff_t kGuards = 64;

void expect_guards() {
  if (std::any_of(shared.end() - kGuards, shared.end(), [](float each) { return each != kGuard; }))
    throw std::logic_error("A block wrote behind its shared memory");
}

/// Fibers are dear, and outlive the threads that they are lent to.
void* fiber_of(size_t thread) {
  static std::vector<void*> fibers;
  while (fibers.size() <= thread) fibers.push_back(new_fiber());
  return fibers[thread];
}

/// As thread_main, it may never return, which would leave its frame on the sanitizer's call stack.
__attribute__((no_sanitize_thread)) void go(Context& from, Context& to) {
  announce(to.fiber);
  swapcontext(&from.place, &to.place);
}

__attribute__((no_sanitize_thread)) void thread_main() {
  (*body)();
  current->ended = true;
  go(current->context, scheduler);
}

void prepare(Thread& thread) {
  thread.ended = false;
  getcontext(&thread.context.place);
  thread.context.place.uc_stack.ss_sp = thread.stack.data();
  thread.context.place.uc_stack.ss_size = thread.stack.size();
  makecontext(&thread.context.place, thread_main, 0);
}

/// All threads up to their next barrier or their end; whether they have ended, all or none.
bool run_turn(std::vector<Thread>& threads) {
  size_t ended = 0;
  for (size_t i = 0; i < threads.size(); ++i) {
    threadIdx = {static_cast<unsigned>(i), 0, 0};
    current = &threads[i];
    go(scheduler, current->context);
    ended += current->ended ? 1 : 0;
  }
  if (ended != 0 && ended != threads.size())
    throw std::logic_error("Some threads of a block ended where others wait");
  return ended != 0;
}

}  // namespace

namespace emulation {

void barrier() { go(current->context, scheduler); }

void run(const Index& grid, int threads, size_t shared_bytes, const std::function<void()>& thread) {
  std::vector<Thread> block(static_cast<size_t>(threads));
  scheduler.fiber = running_fiber();
  for (size_t i = 0; i < block.size(); ++i) block[i].context.fiber = fiber_of(i);
  body = &thread;
  gridDim = grid;
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        blockIdx = {x, y, z};
        shared.assign((shared_bytes + sizeof(float) - 1) / sizeof(float) + kGuards, kGuard);
        std::fill(shared.begin(), shared.end() - kGuards, std::numeric_limits<float>::quiet_NaN());
        for (Thread& each : block) prepare(each);
        while (!run_turn(block)) {
        }
        expect_guards();
      }
    }
  }
}

}  // namespace emulation

unsigned char* shared_memory() { return reinterpret_cast<unsigned char*>(shared.data()); }

}  // namespace bigtransfer::ops::cuda

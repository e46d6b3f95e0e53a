// Tells the thread sanitizer how OpenMP orders memory: its own library is not instrumented. What was
// written before a parallel region is seen in it, and what was written in it after it; what its
// threads do beside one another stays unordered, so that races among them are found.
#if defined(__SANITIZE_THREAD__)

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

namespace {

using Body = void (*)(void*);
using Parallel = void (*)(Body, void*, unsigned, unsigned);

struct Region {
  Body body;
  void* data;
  /// Addresses that stand for the region's start and its end.
  char start;
  char end;
};

/// Its own reads come before it has told of the order.
__attribute__((no_sanitize_thread)) void run_in_region(void* argument) {
  auto* region = static_cast<Region*>(argument);
  __tsan_acquire(&region->start);
  region->body(region->data);
  __tsan_release(&region->end);
}

}  // namespace

/// Takes the place of libgomp's, which every `#pragma omp parallel` is compiled into.
extern "C" void GOMP_parallel(Body body, void* data, unsigned threads, unsigned flags) {
  static const auto parallel = reinterpret_cast<Parallel>(dlsym(RTLD_NEXT, "GOMP_parallel"));
  Region region{.body = body, .data = data, .start = 0, .end = 0};
  __tsan_release(&region.start);
  parallel(run_in_region, &region, threads, flags);
  __tsan_acquire(&region.end);
}

#endif

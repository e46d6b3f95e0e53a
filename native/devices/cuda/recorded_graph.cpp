// What the work used before is let go first; what it fails with is what is thrown.
#include "devices/cuda/recorded_graph.h"

#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <utility>

namespace bigtransfer::devices {
namespace {

int64_t reserved_bytes() {
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(c10::cuda::current_device());
  return stats.reserved_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
      .current;
}

}  // namespace

RecordedGraph::RecordedGraph(std::shared_ptr<const GraphPool> pool,
                             const std::function<void()>& work)
    : pool_(std::move(pool)) {
  c10::cuda::getCurrentCUDAStream().synchronize();
  // A recording takes memory of its own; what the run before it used would be in its way.
  c10::cuda::CUDACachingAllocator::emptyCache();
  const int64_t before = reserved_bytes();
  capture(work);
  bytes_ = std::max<int64_t>(reserved_bytes() - before, 0);
}

void RecordedGraph::capture(const std::function<void()>& work) {
  try {
    graph_.capture_begin(pool_->id(), cudaStreamCaptureModeThreadLocal);
    work();
    graph_.capture_end();
  } catch (...) {
    // What ended the recording is thrown, not what follows from it.
    for (const auto& end : {&at::cuda::CUDAGraph::capture_end, &at::cuda::CUDAGraph::reset}) {
      try {
        (graph_.*end)();
      } catch (const c10::Error&) {
      }
    }
    pool_->close();
    throw;
  }
}

}  // namespace bigtransfer::devices

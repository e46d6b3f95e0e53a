// Recording, and forgetting what has not been used for longest.
#include "runtime/cuda/graph_cache.h"

#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <exception>

#include "devices/cuda/gpu_memory.h"

namespace bigtransfer::runtime {
namespace {

/// Shapes that are remembered, recorded or not: more than a server of several models sees, and few
/// enough to be looked through at each call.
constexpr size_t kMostEntries = 64;

int64_t reserved_bytes() {
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(c10::cuda::current_device());
  return stats.reserved_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
      .current;
}

}  // namespace

RecordedRun* GraphCache::find(const GraphKey& key, const at::Tensor& input, const Run& run) {
  const auto found = std::ranges::find(entries_, key, &Entry::key);
  if (found == entries_.end()) {
    if (entries_.size() == kMostEntries) {
      forget(entries_.back());
      entries_.pop_back();
    }
    entries_.push_front({key, nullptr});
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, found);
  Entry& entry = entries_.front();
  if (!entry.recorded && !entry.has_failed) {
    try {
      entry.recorded = record(input, run);
    } catch (const c10::OutOfMemoryError&) {
      throw;
    } catch (const std::exception&) {  // the run without a recording says what is wrong, if it is
      entry.has_failed = true;
    }
    make_room();
  }
  return entry.recorded.get();
}

std::unique_ptr<RecordedRun> GraphCache::record(const at::Tensor& input, const Run& run) const {
  const std::lock_guard lock(devices::recording());
  const int64_t before = reserved_bytes();
  auto recorded = std::make_unique<RecordedRun>();
  recorded->input = input.clone();
  // cuDNN looks for its best kernels on this thread now, not while recording.
  run(recorded->input);
  recorded->graph.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
  try {
    recorded->output = run(recorded->input);
  } catch (...) {
    recorded->output = {};
    try {
      recorded->graph.capture_end();
    } catch (const c10::Error&) {  // what ended the recording is thrown below
    }
    throw;
  }
  recorded->graph.capture_end();
  recorded->bytes = std::max<int64_t>(reserved_bytes() - before, 0);
  return recorded;
}

/// The newest recording stays, however large it is.
void GraphCache::make_room() {
  int64_t bytes = 0;
  bool is_first = true;
  for (Entry& each : entries_) {
    if (!each.recorded) continue;
    bytes += each.recorded->bytes;
    if (!is_first && bytes > most_bytes_) forget(each);
    is_first = false;
  }
}

/// Its last replay may still run.
void GraphCache::forget(Entry& entry) {
  if (entry.recorded) c10::cuda::getCurrentCUDAStream().synchronize();
  entry.recorded.reset();
}

}  // namespace bigtransfer::runtime

// One thread of the process records at a time, on a stream on which nothing else can be started.
#include "runtime/cuda/graph_recording.h"

#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>

#include <algorithm>

#include "devices/cuda/gpu_memory.h"

namespace bigtransfer::runtime {
namespace {

int64_t reserved_bytes() {
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(c10::cuda::current_device());
  return stats.reserved_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
      .current;
}

}  // namespace

GraphRecording::GraphRecording(const DeviceNetwork& network, const at::Tensor& pixel_values,
                               const model::Wanted& wanted, const devices::OwnStream& capture)
    : network_(network), replays_(c10::cuda::getCurrentCUDAStream()) {
  const std::lock_guard lock(devices::recording());
  at::cuda::CUDAEvent ready;
  ready.record(replays_);
  ready.block(capture.get());
  const c10::cuda::CUDAStreamGuard on(capture.get());
  input_ = network_.input_of(pixel_values);
  network_.run(input_, wanted, KernelChoice::kByTrial);
  capture.get().synchronize();
  // A recording takes memory of its own; what the run before it used would be in its way.
  c10::cuda::CUDACachingAllocator::emptyCache();
  const int64_t before = reserved_bytes();
  this->capture(wanted);
  bytes_ = std::max<int64_t>(reserved_bytes() - before, 0);
}

void GraphRecording::capture(const model::Wanted& wanted) {
  try {
    graph_.capture_begin(pool_.id(), cudaStreamCaptureModeThreadLocal);
    output_ = network_.run(input_, wanted, KernelChoice::kAsTried);
    graph_.capture_end();
  } catch (...) {
    output_ = {};
    // What ended the recording is thrown, not what follows from it.
    for (const auto& end : {&at::cuda::CUDAGraph::capture_end, &at::cuda::CUDAGraph::reset}) {
      try {
        (graph_.*end)();
      } catch (const c10::Error&) {
      }
    }
    pool_.close();
    throw;
  }
}

GraphRecording::~GraphRecording() {
  C10_CUDA_IGNORE_ERROR(cudaStreamSynchronize(replays_.stream()));
}

model::RunResult GraphRecording::replay(const at::Tensor& pixel_values) {
  network_.write_input(pixel_values, input_);
  graph_.replay();
  return output_;
}

}  // namespace bigtransfer::runtime

// One thread of the process records at a time, on a stream on which nothing else can be started.
#include "runtime/cuda/graph_recording.h"

#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include "devices/cuda/gpu_memory.h"

namespace bigtransfer::runtime {

GraphRecording::GraphRecording(const DeviceNetwork& network, const at::Tensor& pixel_values,
                               const model::Wanted& wanted, const devices::OwnStream& capture)
    : network_(network),
      replays_(c10::cuda::getCurrentCUDAStream()),
      pool_(std::make_shared<const devices::GraphPool>()) {
  const std::lock_guard lock(devices::recording());
  at::cuda::CUDAEvent ready;
  ready.record(replays_);
  ready.block(capture.get());
  const c10::cuda::CUDAStreamGuard on(capture.get());
  input_ = network_.input_of(pixel_values);
  network_.run(input_, wanted, KernelChoice::kByTrial);
  try {
    graph_.emplace(pool_, [&] { output_ = network_.run(input_, wanted, KernelChoice::kAsTried); });
  } catch (...) {
    output_ = {};
    throw;
  }
}

GraphRecording::~GraphRecording() {
  C10_CUDA_IGNORE_ERROR(cudaStreamSynchronize(replays_.stream()));
}

model::RunResult GraphRecording::replay(const at::Tensor& pixel_values) {
  network_.write_input(pixel_values, input_);
  graph_->replay();
  return output_;
}

}  // namespace bigtransfer::runtime

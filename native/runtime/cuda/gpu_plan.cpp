// The copy of the next call's pixels overlaps with the computation of the last one's.
#include "runtime/cuda/gpu_plan.h"

#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include <memory>

#include "devices/cuda/gpu_copies.h"
#include "devices/gpu_failure.h"
#include "runtime/cuda/graph_recording.h"

namespace bigtransfer::runtime {
namespace {

/// The part of the card's memory for recorded runs: what activations and other models need is more.
constexpr int64_t kGraphMemoryDivisor = 4;
/// Batches of at least so many images take long enough to sleep meanwhile: waking costs some tens
/// of microseconds, and R50x1 takes over a millisecond for so many.
constexpr int64_t kSleepingBatch = 8;

}  // namespace

GpuPlan::GpuPlan(const model::Topology& topology, const model::Weights& weights,
                 const GpuPlanRequest& request)
    : spec_(topology.spec),
      device_(static_cast<c10::DeviceIndex>(request.device)),
      compute_(device_),
      capture_(device_),
      copies_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device_)),
      recordings_(static_cast<int64_t>(at::cuda::getDeviceProperties(device_)->totalGlobalMem) /
                  kGraphMemoryDivisor) {
  const c10::cuda::CUDAStreamGuard on(compute_.get());
  network_ = make_device_network(topology, weights, request);
  compute_.get().synchronize();
}

GpuPlan::~GpuPlan() {
  try {
    forget_recordings();
  } catch (const c10::Error&) {  // the device is gone, and its memory with it
  }
}

void GpuPlan::forget_recordings() const {
  const std::lock_guard lock(mutex_);
  const c10::cuda::CUDAGuard device(device_);
  recordings_.clear();
}

model::RunResult GpuPlan::run(const model::RunInput& input, const model::Wanted& wanted,
                              const model::RunControl& control) const {
  model::check_input(spec_, input);
  const c10::cuda::CUDAGuard device(device_);
  control.between();
  try {
    return run_once(input.whole(), wanted, control.clock);
  } catch (...) {
    if (devices::gpu_failure() == devices::GpuFailure::kMemory) forget_recordings();
    throw;
  }
}

model::RunResult GpuPlan::run_once(const at::Tensor& pixel_values, const model::Wanted& wanted,
                                   model::LayerClock* clock) const {
  const at::Tensor input = start_input(pixel_values);
  const bool sleeps = pixel_values.size(0) >= kSleepingBatch;
  at::cuda::CUDAEvent done(cudaEventDisableTiming |
                           (sleeps ? cudaEventBlockingSync : cudaEventDefault));
  Timer timer;
  Outputs outputs;
  try {
    const std::lock_guard lock(mutex_);
    const c10::cuda::CUDAStreamGuard stream(compute_.get());
    start_run(input, wanted, clock == nullptr ? nullptr : &timer, outputs);
    done.record(compute_.get());
  } catch (...) {
    // Copies to memory that is let go now may have been started.
    C10_CUDA_IGNORE_ERROR(cudaStreamSynchronize(compute_.get().stream()));
    throw;
  }
  done.synchronize();
  if (clock != nullptr)
    clock->add(model::kNetwork, timer.start.elapsed_time(timer.stop), /*multiply_adds=*/0);
  return outputs.on_cpu;
}

at::Tensor GpuPlan::start_input(const at::Tensor& pixel_values) const {
  if (pixel_values.is_cuda()) return pixel_values;
  const c10::cuda::CUDAStreamGuard stream(copies_);
  at::Tensor input = devices::to_device(pixel_values.to(at::kFloat).contiguous(), device_);
  at::cuda::CUDAEvent copied;
  copied.record(copies_);
  copied.block(compute_.get());
  return input;
}

void GpuPlan::start_run(const at::Tensor& input, const model::Wanted& wanted, Timer* timer,
                        Outputs& outputs) const {
  const auto record = [&] {
    return std::make_unique<GraphRecording>(*network_, input, wanted, capture_);
  };
  Recording* recording = recordings_.find({input.sizes().vec(), wanted}, record);
  if (timer != nullptr) timer->start.record(compute_.get());
  outputs.on_device = recording != nullptr ? recording->replay(input)
                                           : network_->run(network_->input_of(input), wanted,
                                                           KernelChoice::kByShape);
  if (timer != nullptr) timer->stop.record(compute_.get());
  outputs.on_cpu = outputs.on_device;
  model::for_each_tensor(outputs.on_cpu, [](at::Tensor& each) { each = devices::to_cpu(each); });
}

}  // namespace bigtransfer::runtime

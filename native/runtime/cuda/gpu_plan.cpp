// The copy of the next call's pixels overlaps with the computation of the last one's.
#include "runtime/cuda/gpu_plan.h"

#include <ATen/Context.h>
#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>

#include <memory>

#include "devices/cuda/gpu_copies.h"
#include "model/layer_plan.h"

namespace bigtransfer::runtime {
namespace {

/// The part of the card's memory for recorded runs: what activations and other models need is more.
constexpr int64_t kGraphMemoryDivisor = 4;
/// Batches of at least so many images take long enough to sleep meanwhile: waking costs some tens
/// of microseconds, and R50x1 takes over a millisecond for so many.
constexpr int64_t kSleepingBatch = 8;

ops::cuda::DeviceLimits limits_of(const cudaDeviceProp& properties) {
  return {properties.multiProcessorCount, static_cast<int64_t>(properties.sharedMemPerBlockOptin)};
}

GpuRun make_network(const model::Topology& topology, const model::Weights& weights,
                    const GpuPlanRequest& request) {
  const at::Device device(at::kCUDA, static_cast<c10::DeviceIndex>(request.device));
  if (!model::GpuNetwork::serves(topology)) {
    const auto options = at::TensorOptions().device(device).dtype(request.dtype);
    const auto plan = std::make_shared<const model::LayerPlan>(topology, weights, options);
    const auto run = [plan, allow_tf32 = request.allow_tf32](const at::Tensor& pixel_values,
                                                             const model::Wanted& wanted) {
      // libtorch's operators ask the process what is allowed, at the moment when they start.
      static std::mutex one_setting;
      const std::lock_guard lock(one_setting);
      at::globalContext().setAllowTF32CuDNN(allow_tf32);
      return plan->run({{pixel_values}}, wanted,
                       {.between = [] {}, .left_out = {}, .clock = nullptr});
    };
    return {run, plan->bytes()};
  }
  const auto network =
      std::make_shared<const model::GpuNetwork>(topology, weights, request.dtype, device);
  const ops::cuda::DeviceLimits limits = limits_of(*at::cuda::getDeviceProperties(device.index()));
  const auto run = [network, limits, allow_tf32 = request.allow_tf32](
                       const at::Tensor& pixel_values, const model::Wanted& wanted) {
    return network->run(pixel_values, wanted,
                        {at::cuda::getCurrentCUDAStream().stream(), limits, allow_tf32});
  };
  return {run, network->bytes()};
}

}  // namespace

GpuPlan::GpuPlan(const model::Topology& topology, const model::Weights& weights,
                 const GpuPlanRequest& request)
    : spec_(topology.spec),
      device_(static_cast<c10::DeviceIndex>(request.device)),
      compute_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device_)),
      copies_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device_)),
      graphs_(static_cast<int64_t>(at::cuda::getDeviceProperties(device_)->totalGlobalMem) /
              kGraphMemoryDivisor) {
  const c10::cuda::CUDAGuard device(device_);
  network_ = make_network(topology, weights, request);
  // Weights were copied on the default stream, which the others do not wait for.
  c10::cuda::device_synchronize();
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
  compute_.synchronize();
  graphs_.clear();
}

model::RunResult GpuPlan::run(const model::RunInput& input, const model::Wanted& wanted,
                              const model::RunControl& control) const {
  model::check_input(spec_, input);
  const c10::cuda::CUDAGuard device(device_);
  control.between();
  try {
    return run_once(input.whole(), wanted, control.clock);
  } catch (const c10::OutOfMemoryError&) {
    forget_recordings();
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
  model::RunResult result;
  {
    const std::lock_guard lock(mutex_);
    const c10::cuda::CUDAStreamGuard stream(compute_);
    result = start_run(input, wanted, clock == nullptr ? nullptr : &timer);
    done.record(compute_);
  }
  done.synchronize();
  if (clock != nullptr)
    clock->add(model::kNetwork, timer.start.elapsed_time(timer.stop), /*multiply_adds=*/0);
  return result;
}

at::Tensor GpuPlan::start_input(const at::Tensor& pixel_values) const {
  at::Tensor input = pixel_values;
  if (!input.is_cuda()) {
    const c10::cuda::CUDAStreamGuard stream(copies_);
    input = devices::to_device(pixel_values.to(at::kFloat).contiguous(), device_);
    at::cuda::CUDAEvent copied;
    copied.record(copies_);
    copied.block(compute_);
  }
  // It is freed when the compute stream has read it, not before.
  c10::cuda::CUDACachingAllocator::recordStream(input.storage().data_ptr(), compute_);
  return input;
}

model::RunResult GpuPlan::start_run(const at::Tensor& input, const model::Wanted& wanted,
                                    Timer* timer) const {
  const auto run = [&](const at::Tensor& pixels) { return network_.run(pixels, wanted); };
  model::RunResult result;
  RecordedRun* recorded = graphs_.find({input.sizes().vec(), wanted}, input, run);
  if (timer != nullptr) timer->start.record(compute_);
  if (recorded != nullptr) {
    recorded->input.copy_(input, /*non_blocking=*/true);
    recorded->graph.replay();
    result = recorded->output;
  } else {
    result = run(input);
  }
  if (timer != nullptr) timer->stop.record(compute_);
  model::for_each_tensor(result, [](at::Tensor& each) { each = devices::to_cpu(each); });
  return result;
}

}  // namespace bigtransfer::runtime

// A network on one GPU: copies in and out on streams of its own, replays of recorded runs between.
#pragma once

#include <ATen/cuda/CUDAEvent.h>

#include <memory>
#include <mutex>

#include "devices/cuda/own_stream.h"
#include "model/plan.h"
#include "runtime/cuda/device_network.h"
#include "runtime/gpu_plans.h"
#include "runtime/recordings.h"

namespace bigtransfer::runtime {

class GpuPlan final : public model::Plan {
 public:
  GpuPlan(const model::Topology& topology, const model::Weights& weights,
          const GpuPlanRequest& request);
  ~GpuPlan() override;

  /// As Plan::run(), with one row on the clock, of pixel values on the CPU, or complete ones on the
  /// device; results are on the CPU, in pinned memory. Where memory runs out
  /// (devices::GpuFailure::kMemory), the recordings have been forgotten by the time it throws.
  model::RunResult run(const model::RunInput& input, const model::Wanted& wanted,
                       const model::RunControl& control) const override;
  /// Of the weights, on the device.
  int64_t bytes() const override { return network_->bytes(); }

 private:
  /// Around the network on the device, with its input there.
  struct Timer {
    at::cuda::CUDAEvent start{cudaEventDefault};
    at::cuda::CUDAEvent stop{cudaEventDefault};
  };

  /// Where the results of a run are, and where they go.
  struct Outputs {
    model::RunResult on_device;
    model::RunResult on_cpu;
  };

  model::RunResult run_once(const at::Tensor& pixel_values, const model::Wanted& wanted,
                            model::LayerClock* clock) const;
  /// The pixels on the device; the compute stream waits for their copy.
  at::Tensor start_input(const at::Tensor& pixel_values) const;
  /// Starts the run and the copies of its results; the lock is held. `timer` may be null.
  void start_run(const at::Tensor& input, const model::Wanted& wanted, Timer* timer,
                 Outputs& outputs) const;

  /// Gives up all recordings, once they have run.
  void forget_recordings() const;

  model::NetworkSpec spec_;
  c10::DeviceIndex device_;
  /// What is in flight there ends before run() does, so that its memory needs no marks of streams;
  /// a mark would have the allocator record events on a stream that may capture by then.
  devices::OwnStream compute_;
  devices::OwnStream capture_;
  c10::cuda::CUDAStream copies_;
  std::unique_ptr<const DeviceNetwork> network_;
  /// Starts of runs; also guards the recordings, whose buffers all runs share in turn.
  mutable std::mutex mutex_;
  mutable Recordings recordings_;
};

}  // namespace bigtransfer::runtime

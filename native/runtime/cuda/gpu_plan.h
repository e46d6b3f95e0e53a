// A network on one GPU: copies in and out on streams of its own, replays of recorded runs between.
#pragma once

#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAStream.h>

#include <functional>
#include <mutex>

#include "model/cuda/gpu_network.h"
#include "model/plan.h"
#include "runtime/cuda/graph_cache.h"
#include "runtime/gpu_plans.h"

namespace bigtransfer::runtime {

/// A network with its weights on a device.
struct GpuRun {
  /// Runs it on the current stream, with its input on the device.
  std::function<model::RunResult(const at::Tensor& pixel_values, const model::Wanted& wanted)> run;
  int64_t bytes;
};

class GpuPlan final : public model::Plan {
 public:
  GpuPlan(const model::Topology& topology, const model::Weights& weights,
          const GpuPlanRequest& request);
  ~GpuPlan() override;

  /// As Plan::run(), with one row on the clock, of pixel values on the CPU, or complete ones on the
  /// device; results are on the CPU, in pinned memory. Throws c10::OutOfMemoryError, with the
  /// recordings forgotten.
  model::RunResult run(const model::RunInput& input, const model::Wanted& wanted,
                       const model::RunControl& control) const override;
  /// Of the weights, on the device.
  int64_t bytes() const override { return network_.bytes; }

 private:
  /// Around the network on the device, with its input there.
  struct Timer {
    at::cuda::CUDAEvent start{cudaEventDefault};
    at::cuda::CUDAEvent stop{cudaEventDefault};
  };

  model::RunResult run_once(const at::Tensor& pixel_values, const model::Wanted& wanted,
                            model::LayerClock* clock) const;
  /// The pixels on the device; the compute stream waits for their copy.
  at::Tensor start_input(const at::Tensor& pixel_values) const;
  /// Starts the run and the copies of its results; the lock is held. `timer` may be null.
  model::RunResult start_run(const at::Tensor& input, const model::Wanted& wanted,
                             Timer* timer) const;

  /// Gives up all recordings, once they have run.
  void forget_recordings() const;

  model::NetworkSpec spec_;
  c10::DeviceIndex device_;
  c10::cuda::CUDAStream compute_;
  c10::cuda::CUDAStream copies_;
  GpuRun network_;
  /// Starts of runs; also guards the recordings, whose buffers all runs share in turn.
  mutable std::mutex mutex_;
  mutable GraphCache graphs_;
};

}  // namespace bigtransfer::runtime

// A model on one GPU or several: shares batches out and halves what does not fit.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "devices/cuda_devices.h"
#include "model/plan.h"
#include "pictures/gpu_preprocessor.h"
#include "runtime/engine.h"
#include "runtime/gpu_plans.h"
#include "runtime/replicas.h"

namespace bigtransfer::runtime {

/// What works with the GPUs; all of it lives as long as the process.
struct Gpus {
  const devices::CudaDevices& devices;
  const GpuPlans& plans;
  const pictures::GpuPreprocessor& preprocessor;
};

/// Nothing where no GPU works.
std::optional<Gpus> gpus_of_machine();

struct GpuEngineRequest {
  at::ScalarType dtype;
  /// Whether float32 convolutions may round to TF32.
  bool allow_tf32;
  /// A replica goes to each.
  std::vector<int> devices;
};

class GpuEngine final : public Engine {
 public:
  /// Copies the weights to all devices. Throws as GpuPlans::make_plan().
  GpuEngine(const Gpus& gpus, const model::Topology& topology, const model::Weights& weights,
            const GpuEngineRequest& request);
  /// Gives all memory back to the driver.
  ~GpuEngine() override;
  GpuEngine(const GpuEngine&) = delete;
  GpuEngine& operator=(const GpuEngine&) = delete;

  /// Throws Error kOutOfMemory too when one image does not fit, kDevice when the GPUs fail.
  model::RunResult run(const CallImages& images, const model::Wanted& wanted,
                       const model::RunControl& control) const override;
  bool gathers() const override { return true; }
  /// A power of two for each GPU: each size is recorded by itself, which takes long and holds
  /// memory.
  int64_t best_batch(int64_t waiting) const override;
  /// On all devices.
  int64_t bytes() const override;
  std::vector<std::string> take_warnings() const override;

 private:
  /// Throws Error kShape unless the network takes the images.
  void check(const CallImages& images) const;
  /// Images of a share on the replica's device, or on the CPU.
  at::Tensor pixel_values_of(const CallImages& images, const Share& share, size_t replica) const;

  const Gpus gpus_;
  model::NetworkSpec spec_;
  std::vector<int> devices_;
  std::vector<std::unique_ptr<const model::Plan>> plans_;
  mutable std::mutex mutex_;
  mutable std::vector<std::string> warnings_;
  Replicas replicas_;
};

}  // namespace bigtransfer::runtime

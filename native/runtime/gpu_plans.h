// Networks on GPUs, as the CUDA library offers them.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "model/plan.h"

namespace bigtransfer::runtime {

struct GpuPlanRequest {
  at::ScalarType dtype;
  int device;
  /// Whether float32 convolutions may round to TF32, as by PyTorch's defaults.
  bool allow_tf32;
};

class GpuPlans {
 public:
  virtual ~GpuPlans() = default;

  /// Copies the weights to the device. Throws Error kDevice for one that is not there,
  /// kOutOfMemory. The plan takes pixel values on the CPU or on its device and throws what PyTorch
  /// does, with its own memory given back where memory ran out (devices::GpuFailure::kMemory).
  virtual std::unique_ptr<const model::Plan> make_plan(const model::Topology& topology,
                                                       const model::Weights& weights,
                                                       const GpuPlanRequest& request) const = 0;
};

/// The CUDA library's export that gives its GpuPlans.
inline constexpr const char* kGpuPlansEntry = "bigtransfer_cuda_plans";

}  // namespace bigtransfer::runtime

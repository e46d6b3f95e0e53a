// The CUDA library's plans.
#include "runtime/gpu_plans.h"

#include <c10/core/InferenceMode.h>
#include <c10/cuda/CUDAGuard.h>

#include "common/error.h"
#include "devices/cuda/gpu_index.h"
#include "devices/cuda/gpu_memory.h"
#include "devices/gpu_failure.h"
#include "runtime/cuda/gpu_plan.h"

namespace bigtransfer::runtime {
namespace {

class Plans final : public GpuPlans {
 public:
  std::unique_ptr<const model::Plan> make_plan(const model::Topology& topology,
                                               const model::Weights& weights,
                                               const GpuPlanRequest& request) const override {
    devices::check_index(request.device);
    const c10::InferenceMode guard;
    const c10::cuda::CUDAGuard device(static_cast<c10::DeviceIndex>(request.device));
    try {
      return std::make_unique<GpuPlan>(topology, weights, request);
    } catch (...) {
      if (devices::gpu_failure() != devices::GpuFailure::kMemory) throw;
      devices::release_gpu_memory();
      throw Error(ErrorCode::kOutOfMemory, "The GPU has no memory for the model's weights");
    }
  }
};

}  // namespace
}  // namespace bigtransfer::runtime

extern "C" __attribute__((visibility("default"))) const bigtransfer::runtime::GpuPlans*
bigtransfer_cuda_plans() {
  static const auto* const plans = new bigtransfer::runtime::Plans;
  return plans;
}

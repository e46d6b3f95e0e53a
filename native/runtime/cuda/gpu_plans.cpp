// The CUDA library's plans.
#include "runtime/gpu_plans.h"

#include <ATen/cuda/CUDAContext.h>
#include <c10/core/InferenceMode.h>
#include <c10/cuda/CUDAGuard.h>

#include "common/error.h"
#include "devices/cuda/gpu_index.h"
#include "devices/cuda/gpu_memory.h"
#include "runtime/cuda/gpu_plan.h"

namespace bigtransfer::runtime {
namespace {

/// Compute capability below which the kernels are not built.
constexpr int kLeastMajor = 7;
constexpr int kLeastMinor = 5;

class Plans final : public GpuPlans {
 public:
  std::unique_ptr<const model::Plan> make_plan(const model::Topology& topology,
                                               const model::Weights& weights,
                                               const GpuPlanRequest& request) const override {
    devices::check_index(request.device);
    check_capability(request);
    const c10::InferenceMode guard;
    const c10::cuda::CUDAGuard device(static_cast<c10::DeviceIndex>(request.device));
    try {
      return std::make_unique<GpuPlan>(topology, weights, request);
    } catch (const c10::OutOfMemoryError&) {
      devices::release_gpu_memory();
      throw Error(ErrorCode::kOutOfMemory, "The GPU has no memory for the model's weights");
    }
  }

 private:
  static void check_capability(const GpuPlanRequest& request) {
    const cudaDeviceProp& properties = *at::cuda::getDeviceProperties(request.device);
    const bool is_old = properties.major < kLeastMajor ||
                        (properties.major == kLeastMajor && properties.minor < kLeastMinor);
    if (!is_old) return;
    throw Error(ErrorCode::kDevice, std::string(properties.name) + " is older than compute " +
                                        std::to_string(kLeastMajor) + "." +
                                        std::to_string(kLeastMinor) + ": use device 'cpu'");
  }
};

}  // namespace
}  // namespace bigtransfer::runtime

extern "C" __attribute__((visibility("default"))) const bigtransfer::runtime::GpuPlans*
bigtransfer_cuda_plans() {
  static const auto* const plans = new bigtransfer::runtime::Plans;
  return plans;
}

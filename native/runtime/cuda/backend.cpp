// The CUDA library's entry.
#include <ATen/cuda/CUDAContext.h>
#include <c10/core/InferenceMode.h>
#include <c10/cuda/CUDAGuard.h>

#include <string_view>

#include "common/error.h"
#include "runtime/cuda/gpu_copies.h"
#include "runtime/cuda/gpu_jpeg.h"
#include "runtime/cuda/gpu_memory.h"
#include "runtime/cuda/gpu_pictures.h"
#include "runtime/cuda/gpu_plan.h"
#include "runtime/cuda_backend.h"

namespace bigtransfer::runtime {
namespace {

/// Compute capability below which the kernels are not built.
constexpr int kLeastMajor = 7;
constexpr int kLeastMinor = 5;

void check_index(int device) {
  const int count = at::cuda::device_count();
  if (device >= 0 && device < count) return;
  throw Error(ErrorCode::kDevice, "There is no device 'cuda:" + std::to_string(device) +
                                      "': this machine has " + std::to_string(count));
}

/// The driver's own words where it shows none.
int count_devices() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count > 0) return count;
  // Asked for, it must not stay behind as somebody else's failure.
  static_cast<void>(cudaGetLastError());
  const std::string why =
      status == cudaSuccess ? "no CUDA-capable device is detected" : cudaGetErrorString(status);
  throw Error(ErrorCode::kDevice, why +
                                      ": look at what `nvidia-smi` shows, and install or update "
                                      "the NVIDIA driver");
}

class Backend final : public CudaBackend {
 public:
  std::vector<CudaDevice> devices() const override {
    std::vector<CudaDevice> devices;
    for (int i = 0; i < count_devices(); ++i) {
      const cudaDeviceProp& properties = *at::cuda::getDeviceProperties(i);
      devices.push_back({properties.name, properties.major, properties.minor,
                         static_cast<int64_t>(properties.totalGlobalMem)});
    }
    return devices;
  }

  int64_t free_memory(int device) const override {
    check_index(device);
    const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));
    size_t free = 0;
    size_t total = 0;
    C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    return static_cast<int64_t>(free);
  }

  std::unique_ptr<const model::Plan> make_plan(const model::Topology& topology,
                                               const model::Weights& weights,
                                               const CudaPlanRequest& request) const override {
    check_index(request.device);
    check_capability(request);
    const c10::InferenceMode guard;
    const c10::cuda::CUDAGuard device(static_cast<c10::DeviceIndex>(request.device));
    try {
      return std::make_unique<GpuPlan>(topology, weights, request);
    } catch (const c10::OutOfMemoryError&) {
      release_gpu_memory();
      throw Error(ErrorCode::kOutOfMemory, "The GPU has no memory for the model's weights");
    }
  }

  bool decodes_jpegs() const override { return gpu_jpeg_decoder() != nullptr; }

  at::Tensor allocate_rows(at::IntArrayRef shape) const override {
    try {
      return empty_pinned(shape, at::kByte);
    } catch (const c10::Error&) {
      return at::empty(shape, at::kByte);
    }
  }

  at::Tensor pixel_values(const StagedPictures& pictures, int64_t begin, int64_t count,
                          int device) const override {
    check_index(device);
    return pixel_values_on_gpu(pictures, begin, count, static_cast<c10::DeviceIndex>(device));
  }

  void release_memory() const override { release_gpu_memory(); }

 private:
  static void check_capability(const CudaPlanRequest& request) {
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

extern "C" __attribute__((visibility("default"))) const bigtransfer::runtime::CudaBackend*
bigtransfer_cuda_backend(const char* interface) {
  if (std::string_view(interface) != BIGTRANSFER_INTERFACE) return nullptr;
  static const auto* const backend = new bigtransfer::runtime::Backend;
  return backend;
}

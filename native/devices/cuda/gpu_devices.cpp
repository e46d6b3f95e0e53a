// The devices by CUDA's runtime; the library's first export.
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAGuard.h>

#include <string_view>

#include "common/error.h"
#include "devices/cuda/gpu_copies.h"
#include "devices/cuda/gpu_index.h"
#include "devices/cuda/gpu_memory.h"
#include "devices/cuda_library.h"

namespace bigtransfer::devices {
namespace {

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

class GpuDevices final : public CudaDevices {
 public:
  std::vector<CudaDevice> all() const override {
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

  at::Tensor allocate_rows(at::IntArrayRef shape) const override {
    return empty_pinned(shape, at::kByte);
  }

  void release_memory() const override { release_gpu_memory(); }
};

}  // namespace

void check_index(int device) {
  const int count = at::cuda::device_count();
  if (device >= 0 && device < count) return;
  throw Error(ErrorCode::kDevice, "There is no device 'cuda:" + std::to_string(device) +
                                      "': this machine has " + std::to_string(count));
}

}  // namespace bigtransfer::devices

extern "C" __attribute__((visibility("default"))) const bigtransfer::devices::CudaDevices*
bigtransfer_cuda_devices(const char* interface) {
  if (std::string_view(interface) != BIGTRANSFER_INTERFACE) return nullptr;
  static const auto* const devices = new bigtransfer::devices::GpuDevices;
  return devices;
}

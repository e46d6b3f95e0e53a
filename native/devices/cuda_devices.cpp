// By compute capability.
#include "devices/cuda_devices.h"

#include "common/error.h"

namespace bigtransfer::devices {
namespace {

/// Below it the kernels are not built (cmake/cuda_library.cmake).
constexpr int kLeastMajor = 7;
constexpr int kLeastMinor = 5;
/// From it on tensor cores multiply bfloat16 (Ampere).
constexpr int kBfloat16Major = 8;

}  // namespace

at::ScalarType fast_type(const CudaDevice& device) {
  return device.major >= kBfloat16Major ? at::kBFloat16 : at::kHalf;
}

void check_computes(const CudaDevice& device, at::ScalarType type) {
  const std::string has = device.name + " has compute capability " + std::to_string(device.major) +
                          "." + std::to_string(device.minor);
  if (device.major < kLeastMajor || (device.major == kLeastMajor && device.minor < kLeastMinor)) {
    throw Error(ErrorCode::kDevice, has + ", and 7.5 is the least: use device 'cpu'");
  }
  if (type == at::kBFloat16 && device.major < kBfloat16Major) {
    throw Error(ErrorCode::kDevice,
                has + ", and bfloat16 takes 8.0: use dtype 'float16', which 'auto' is there");
  }
}

}  // namespace bigtransfer::devices

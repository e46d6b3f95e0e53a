// 'auto' and its kin, resolved.
#include "devices/devices.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "common/error.h"
#include "devices/cuda_library.h"
#include "ops/packed_conv.h"

namespace bigtransfer::devices {
namespace {

constexpr std::pair<const char*, at::ScalarType> kTypes[] = {
    {"float32", at::kFloat}, {"bfloat16", at::kBFloat16}, {"float16", at::kHalf}};

std::string name_of(at::ScalarType type) {
  for (const auto& [name, each] : kTypes) {
    if (each == type) return name;
  }
  throw Error(ErrorCode::kDevice, "Nothing computes in this type");
}

}  // namespace

ComputeType choose_dtype(const std::string& wanted, at::ScalarType fastest) {
  const std::string name = wanted == kAuto ? name_of(fastest) : wanted;
  for (const auto& [each, type] : kTypes) {
    if (each == name) return {name, type};
  }
  throw Error(ErrorCode::kDevice,
              "dtype '" + wanted + "' is not one of auto, float32, bfloat16, float16");
}

at::ScalarType fastest_on(const std::vector<int>& gpus) {
  const std::vector<CudaDevice> devices = cuda_devices()->all();
  const bool all = std::ranges::all_of(gpus, [&](int gpu) {
    return fast_type(devices.at(static_cast<size_t>(gpu))) == at::kBFloat16;
  });
  return all ? at::kBFloat16 : at::kHalf;
}

std::string auto_dtype() {
  if (cuda_devices() != nullptr) return name_of(fastest_on({0}));
  return name_of(ops::fastest_factors());
}

std::vector<int> gpus_of(const std::string& device) {
  const CudaDevices* gpus = cuda_devices();
  if (gpus == nullptr) {
    throw Error(ErrorCode::kDevice, "device '" + device + "' is not available: " + why_no_cuda() +
                                        ". Devices 'cpu' and 'auto' work");
  }
  const int count = static_cast<int>(gpus->all().size());
  std::vector<int> all(static_cast<size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  if (device == kAllGpus) return all;
  if (device == kCuda) return {0};
  const long index = std::strtol(device.c_str() + std::strlen(kCuda) + 1, nullptr, 10);
  if (index < count) return {static_cast<int>(index)};
  throw Error(ErrorCode::kDevice, "There is no device '" + device + "': this machine has " +
                                      std::to_string(count) + ", from cuda:0 on");
}

}  // namespace bigtransfer::devices

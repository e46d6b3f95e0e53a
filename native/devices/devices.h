// What the names of devices and types stand for on this machine.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

namespace bigtransfer::devices {

/// The best device that works.
inline constexpr const char* kAuto = "auto";
inline constexpr const char* kCpu = "cpu";
/// The first GPU, and all of them; 'cuda:N' is one of them.
inline constexpr const char* kCuda = "cuda";
inline constexpr const char* kAllGpus = "cuda:all";

struct ComputeType {
  std::string name;
  at::ScalarType type;
};

/// `fastest` is what 'auto' stands for. Throws Error kDevice for names that are none.
ComputeType choose_dtype(const std::string& wanted, at::ScalarType fastest);

/// What all of these GPUs are fast in; there are some.
at::ScalarType fastest_on(const std::vector<int>& gpus);
/// What dtype 'auto' is for the pre-trained family on the device that 'auto' is.
std::string auto_dtype();

/// The GPUs that a device name of CUDA's stands for. Throws Error kDevice where they are not there,
/// saying why CUDA is off or what there is.
std::vector<int> gpus_of(const std::string& device);

}  // namespace bigtransfer::devices

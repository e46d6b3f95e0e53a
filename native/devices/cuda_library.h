// The door to the CUDA library: a library of its own, built from the same sources against the same
// libtorch, and opened only where there is a CUDA libtorch. Each room offers what it has there by
// an interface of its own.
#pragma once

#include <string>

#include "devices/cuda_devices.h"

namespace bigtransfer::devices {

/// The library's first export: its devices, which live as long as the process; null where the
/// caller was compiled from other headers, which `interface` tells.
using CudaDevicesEntry = const CudaDevices* (*)(const char* interface);
inline constexpr const char* kCudaDevicesEntry = "bigtransfer_cuda_devices";

/// Where the library lies, if not beside the core; counts before its first use.
void look_for_cuda_library(const std::string& path);

/// The devices, or null where there is none; opens the library at the first call.
const CudaDevices* cuda_devices();
/// Why there is none and what to do, for people; empty where there is one.
const std::string& why_no_cuda();

/// Whether the CUDA library could be opened, with a device or without.
bool has_cuda_library();

/// One of the library's exports; null where there are no devices.
void* cuda_export(const char* name);

/// What a room's export `name`, a function without arguments, gives; null where there are no
/// devices.
template <typename Interface>
const Interface* cuda_offer(const char* name) {
  const auto offer = reinterpret_cast<const Interface* (*)()>(cuda_export(name));
  return offer == nullptr ? nullptr : offer();
}

}  // namespace bigtransfer::devices

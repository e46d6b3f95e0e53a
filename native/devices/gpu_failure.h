// What an exception of PyTorch's says about a GPU.
#pragma once

#include <optional>
#include <string>

namespace bigtransfer::devices {

enum class GpuFailure {
  /// Memory ran out, on the device or pinned: less may fit.
  kMemory,
  /// The device or its driver failed.
  kDevice,
};

/// Of the exception in flight; nothing where it is neither of the two.
std::optional<GpuFailure> gpu_failure();

/// The first line of what the exception in flight says.
std::string failure_words();

}  // namespace bigtransfer::devices

// The GPUs of this machine, as the CUDA library shows them.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

namespace bigtransfer::devices {

struct CudaDevice {
  std::string name;
  /// Compute capability.
  int major;
  int minor;
  /// Bytes.
  int64_t total_memory;
};

class CudaDevices {
 public:
  virtual ~CudaDevices() = default;

  /// All that the driver shows; throws Error kDevice when it shows none.
  virtual std::vector<CudaDevice> all() const = 0;
  /// Bytes that the driver could give out now; asking takes some of them for the process.
  virtual int64_t free_memory(int device) const = 0;
  /// Bytes on the CPU from which copies to GPUs run on their own; from the heap where such memory
  /// runs out.
  virtual at::Tensor allocate_rows(at::IntArrayRef shape) const = 0;
  /// Gives unused memory back to the driver.
  virtual void release_memory() const = 0;
};

/// What 'auto' computes in on this device: bfloat16 where its tensor cores multiply that.
at::ScalarType fast_type(const CudaDevice& device);

/// Throws Error kDevice for a device that is too old to compute in the type, or at all.
void check_computes(const CudaDevice& device, at::ScalarType type);

}  // namespace bigtransfer::devices

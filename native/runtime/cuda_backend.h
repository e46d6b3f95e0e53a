// What the CUDA library offers to the core. It is a library of its own, built from the same sources
// against the same libtorch, and opened only where there is a CUDA libtorch.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/plan.h"
#include "runtime/staged_picture.h"

namespace bigtransfer::runtime {

struct CudaDevice {
  std::string name;
  /// Compute capability.
  int major;
  int minor;
  /// Bytes.
  int64_t total_memory;
};

struct CudaPlanRequest {
  at::ScalarType dtype;
  int device;
  /// Whether float32 convolutions may round to TF32, as by PyTorch's defaults.
  bool allow_tf32;
};

class CudaBackend {
 public:
  virtual ~CudaBackend() = default;

  /// All that the driver shows; throws Error kDevice when it shows none.
  virtual std::vector<CudaDevice> devices() const = 0;
  /// Bytes that the driver could give out now; asking takes some of them for the process.
  virtual int64_t free_memory(int device) const = 0;
  /// Copies the weights to the device. Throws Error kDevice for one that is not there or too old,
  /// kOutOfMemory. The plan takes pixel values on the CPU or on its device and lets
  /// c10::OutOfMemoryError through, with its own memory given back before.
  virtual std::unique_ptr<const model::Plan> make_plan(const model::Topology& topology,
                                                       const model::Weights& weights,
                                                       const CudaPlanRequest& request) const = 0;
  /// Whether pixel_values() takes pictures with a JPEG: there is an nvJPEG.
  virtual bool decodes_jpegs() const = 0;
  /// Bytes on the CPU from which copies to GPUs run on their own; from the heap where such memory
  /// runs out.
  virtual at::Tensor allocate_rows(at::IntArrayRef shape) const = 0;
  /// Pictures `begin` to `begin + count` as float [count, 3, H, W] on the device, complete.
  virtual at::Tensor pixel_values(const StagedPictures& pictures, int64_t begin, int64_t count,
                                  int device) const = 0;
  /// Gives unused memory back to the driver.
  virtual void release_memory() const = 0;
};

/// The library's one export: its backend, which lives as long as the process; null where the caller
/// was compiled from other headers, which `interface` tells.
using CudaBackendEntry = const CudaBackend* (*)(const char* interface);
inline constexpr const char* kCudaBackendEntry = "bigtransfer_cuda_backend";

/// The backend, or null where there is none; loads it at the first call.
const CudaBackend* cuda_backend();
/// Why there is none and what to do, for people; empty where there is one.
const std::string& why_no_cuda();

/// Whether the CUDA library could be opened, with a device or without.
bool has_cuda_library();

/// What 'auto' computes in on this device: bfloat16 where its tensor cores multiply that.
at::ScalarType fast_type(const CudaDevice& device);

/// Remembers that a device failed, for all to see; the first reason stays.
void note_device_problem(int device, const std::string& why);
/// That reason, or nothing.
std::string device_problem(int device);

}  // namespace bigtransfer::runtime

// PyTorch's caches of memory, emptied.
#include "devices/cuda/gpu_memory.h"

#include <ATen/core/CachingHostAllocator.h>
#include <c10/cuda/CUDACachingAllocator.h>

namespace bigtransfer::devices {

std::mutex& recording() {
  static auto* const mutex = new std::mutex;
  return *mutex;
}

void release_gpu_memory() {
  const std::lock_guard lock(recording());
  c10::cuda::CUDACachingAllocator::emptyCache();
  at::getHostAllocator(at::kCUDA)->empty_cache();
}

}  // namespace bigtransfer::devices

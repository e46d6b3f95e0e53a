// PyTorch's caches of memory, emptied.
#include "runtime/cuda/gpu_memory.h"

#include <ATen/core/CachingHostAllocator.h>
#include <c10/cuda/CUDACachingAllocator.h>

namespace bigtransfer::runtime {

std::mutex& recording() {
  static auto* const mutex = new std::mutex;
  return *mutex;
}

void release_gpu_memory() {
  const std::lock_guard lock(recording());
  c10::cuda::CUDACachingAllocator::emptyCache();
  at::getHostAllocator(at::kCUDA)->empty_cache();
}

}  // namespace bigtransfer::runtime

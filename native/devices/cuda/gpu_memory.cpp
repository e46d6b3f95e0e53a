// PyTorch's caches of memory, emptied.
#include "devices/cuda/gpu_memory.h"

#include <ATen/core/CachingHostAllocator.h>
#include <ATen/cuda/CUDAContextLight.h>
#include <c10/cuda/CUDACachingAllocator.h>

#include <map>
#include <tuple>

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

void release_workspaces(cudaStream_t stream) {
  // By hand, since libtorch 2.11 can let all streams' go alone. Keys are (handle, stream).
  const auto is_of_stream = [stream](const auto& entry) {
    return std::get<1>(entry.first) == static_cast<void*>(stream);
  };
  for (auto* workspaces : {&at::cuda::cublas_handle_stream_to_workspace(),
                           &at::cuda::cublaslt_handle_stream_to_workspace()}) {
    const std::lock_guard lock(workspaces->mutex);
    std::erase_if(workspaces->map, is_of_stream);
  }
}

}  // namespace bigtransfer::devices

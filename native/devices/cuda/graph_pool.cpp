// By the allocators' own counts.
#include "devices/cuda/graph_pool.h"

#include <ATen/core/CachingHostAllocator.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>

namespace bigtransfer::devices {
namespace {

namespace allocator = c10::cuda::CUDACachingAllocator;

/// Runs what throws where there was nothing to do.
template <typename Action>
void try_to(const Action& action) {
  try {
    action();
  } catch (const c10::Error&) {  // it had been done before
  }
}

/// A capture's pool of pinned memory, which older libtorches do not have.
template <typename HostAllocator>
void close_pinned_pool(HostAllocator& host, c10::MempoolId_t id) {
  if constexpr (requires { host.end_allocate_to_pool(id); })
    try_to([&] { host.end_allocate_to_pool(id); });
}

}  // namespace

GraphPool::GraphPool() : device_(c10::cuda::current_device()), id_(at::cuda::graph_pool_handle()) {
  allocator::createOrIncrefPool(device_, id_);
}

GraphPool::~GraphPool() {
  // Once for us, and once more for each capture that has not let it go.
  try_to([&] {
    while (allocator::getPoolUseCount(device_, id_) > 0) allocator::releasePool(device_, id_);
  });
}

void GraphPool::close() const {
  try_to([&] { allocator::endAllocateToPool(device_, id_); });
  close_pinned_pool(*at::getHostAllocator(at::kCUDA), id_);
}

}  // namespace bigtransfer::devices

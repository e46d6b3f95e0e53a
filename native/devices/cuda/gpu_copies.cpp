// ATen's copies, with the memory that makes them run on their own.
#include "devices/cuda/gpu_copies.h"

#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>

namespace bigtransfer::devices {

at::Tensor empty_pinned(at::IntArrayRef shape, at::ScalarType type) {
  const auto options = at::TensorOptions().dtype(type).device(at::kCPU);
  try {
    return at::empty(shape, options.pinned_memory(true));
  } catch (const c10::Error&) {
    return at::empty(shape, options);
  }
}

at::Tensor to_device(const at::Tensor& tensor, c10::DeviceIndex device) {
  at::Tensor staged = tensor;
  if (!tensor.is_pinned()) {
    staged = empty_pinned(tensor.sizes(), tensor.scalar_type());
    staged.copy_(tensor);
  }
  return staged.to(at::Device(at::kCUDA, device), /*non_blocking=*/true);
}

at::Tensor to_cpu(const at::Tensor& tensor) {
  at::Tensor copy = empty_pinned(tensor.sizes(), tensor.scalar_type());
  TORCH_INTERNAL_ASSERT(tensor.is_contiguous());
  C10_CUDA_CHECK(cudaMemcpyAsync(copy.mutable_data_ptr(), tensor.const_data_ptr(), tensor.nbytes(),
                                 cudaMemcpyDeviceToHost, c10::cuda::getCurrentCUDAStream()));
  return copy;
}

void wait_for_current_stream() {
  at::cuda::CUDAEvent done(cudaEventBlockingSync | cudaEventDisableTiming);
  done.record();
  done.synchronize();
}

}  // namespace bigtransfer::devices

// ATen's copies, with the memory that makes them run on their own.
#include "devices/cuda/gpu_copies.h"

#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAStream.h>

namespace bigtransfer::devices {

at::Tensor empty_pinned(at::IntArrayRef shape, at::ScalarType type) {
  return at::empty(shape, at::TensorOptions().dtype(type).device(at::kCPU).pinned_memory(true));
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
  copy.copy_(tensor, /*non_blocking=*/true);
  return copy;
}

void wait_for_current_stream() {
  at::cuda::CUDAEvent done(cudaEventBlockingSync | cudaEventDisableTiming);
  done.record();
  done.synchronize();
}

}  // namespace bigtransfer::devices

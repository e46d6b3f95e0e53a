// The CUDA library's kernels for training.
#include "training/gpu_kernels.h"

#include <ATen/cuda/CUDAContext.h>

#include "training/cuda/launched_kernels.h"

namespace bigtransfer::training {
namespace {

KernelStream current_stream() {
  const cudaDeviceProp& properties = *at::cuda::getCurrentDeviceProperties();
  return {
      at::cuda::getCurrentCUDAStream().stream(),
      {properties.multiProcessorCount, static_cast<int64_t>(properties.sharedMemPerBlockOptin)}};
}

}  // namespace
}  // namespace bigtransfer::training

extern "C" __attribute__((visibility("default"))) const bigtransfer::training::GpuKernels*
bigtransfer_cuda_kernels() {
  static const auto* const kernels =
      new bigtransfer::training::LaunchedKernels(bigtransfer::training::current_stream);
  return kernels;
}

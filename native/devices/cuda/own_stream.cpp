// Made by CUDA's runtime, and wrapped for PyTorch.
#include "devices/cuda/own_stream.h"

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include "devices/cuda/gpu_memory.h"

namespace bigtransfer::devices {
namespace {

c10::cuda::CUDAStream make_stream(c10::DeviceIndex device) {
  const c10::cuda::CUDAGuard guard(device);
  cudaStream_t stream = nullptr;
  // It does not wait for the default stream, nor that for it, which would end a capture.
  C10_CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return c10::cuda::getStreamFromExternal(stream, device);
}

}  // namespace

OwnStream::OwnStream(c10::DeviceIndex device) : stream_(make_stream(device)) {}

OwnStream::~OwnStream() {
  const c10::cuda::CUDAGuard guard(stream_.device_index());
  // Where the device has failed, there is nothing to wait for or to give back.
  C10_CUDA_IGNORE_ERROR(cudaStreamSynchronize(stream_.stream()));
  release_workspaces(stream_.stream());
  C10_CUDA_IGNORE_ERROR(cudaStreamDestroy(stream_.stream()));
}

}  // namespace bigtransfer::devices

// The words of CUDA's libraries, as PyTorch passes them on.
#include "devices/gpu_failure.h"

#include <c10/util/Exception.h>

#include "check.h"
#include "common/error.h"
#include "runtime/cancel.h"
#include "runtime/fake_plan.h"

using namespace bigtransfer;
using namespace bigtransfer::test;
using devices::GpuFailure;

namespace {

template <typename Body>
std::optional<GpuFailure> failure_of(const Body& body) {
  try {
    body();
  } catch (...) {
    return devices::gpu_failure();
  }
  std::abort();
}

std::optional<GpuFailure> failure_of_words(const char* words) {
  return failure_of([&] { TORCH_CHECK(false, words); });
}

}  // namespace

TEST("gpu failure: memory that ran out, whoever says so") {
  EXPECT(failure_of(run_out_of_memory) == GpuFailure::kMemory);
  for (const char* words : {
           "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
           "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
           "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
           "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
           "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
           "GET was unable to find an engine to execute this computation",
           "FIND was unable to find an engine to execute this computation",
       })
    EXPECT(failure_of_words(words) == GpuFailure::kMemory);
}

TEST("gpu failure: the device, its driver, its libraries") {
  EXPECT(failure_of(fail_on_device) == GpuFailure::kDevice);
  EXPECT(failure_of([] { throw Error(ErrorCode::kDevice, "gone"); }) == GpuFailure::kDevice);
  for (const char* words : {
           "CUDA error: an illegal memory access was encountered",
           "CUDA driver error: device not ready",
           "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasGemmEx(...)`",
           "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
       })
    EXPECT(failure_of_words(words) == GpuFailure::kDevice);
}

TEST("gpu failure: neither") {
  EXPECT(!failure_of_words("kernel size can't be greater than actual input size"));
  EXPECT(!failure_of([] { throw Error(ErrorCode::kShape, "CUDA error"); }));
  EXPECT(!failure_of([] { throw Error(ErrorCode::kOutOfMemory, "one image"); }));
  EXPECT(!failure_of([] { throw runtime::Cancelled(); }));
  EXPECT(!failure_of([] { throw std::bad_alloc(); }));
}

TEST("gpu failure: the first line of what was said") {
  const auto words_of = [](const auto& body) -> std::string {
    try {
      body();
    } catch (...) {
      return devices::failure_words();
    }
    return "nothing";
  };
  EXPECT(words_of(fail_on_device) == "CUDA error: an illegal memory access was encountered");
  EXPECT(words_of([] { throw Error(ErrorCode::kDevice, "gone\nfor ever"); }) == "gone");
  EXPECT(words_of([] { throw 7; }).empty());
}

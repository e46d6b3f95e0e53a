// How kernels are launched, and what they use of the device: the same source is compiled for GPUs
// and, in the tests, for an emulation of their threads on the CPU.
#pragma once

#include <cstdint>

struct CUstream_st;

namespace bigtransfer::ops::cuda {

/// cudaStream_t.
using Stream = CUstream_st*;

/// Blocks in each direction.
struct Grid {
  int64_t x;
  int64_t y = 1;
  int64_t z = 1;
};

}  // namespace bigtransfer::ops::cuda

/// Before a loop over what must stay in registers: the indices are constants then.
#if defined(__CUDACC__)
#define BIGTRANSFER_UNROLL _Pragma("unroll")
#else
#define BIGTRANSFER_UNROLL
#endif

#if defined(BIGTRANSFER_EMULATE_CUDA)
#include "ops/cuda/emulation.h"
#elif defined(__CUDACC__)
#include <cuda_runtime.h>

#include <string>

#include "common/error.h"

namespace bigtransfer::ops::cuda {

/// More dynamic shared memory than this must be asked for.
inline constexpr size_t kDefaultSharedBytes = 48 * 1024;

/// Of a grid in all directions but the first.
inline constexpr int64_t kMostBlocks = 65535;

inline void check(cudaError_t status) {
  if (status == cudaSuccess) return;
  // It is reported here, and must not stay behind as somebody else's failure.
  static_cast<void>(cudaGetLastError());
  throw Error(ErrorCode::kDevice, std::string("CUDA: ") + cudaGetErrorString(status));
}

/// Starts `kernel` on `stream`; throws Error kDevice where it cannot be started.
template <typename... Parameters>
void launch(void (*kernel)(Parameters...), const Grid& grid, int threads, size_t shared_bytes,
            Stream stream, Parameters... arguments) {
  const auto function = reinterpret_cast<const void*>(kernel);
  if (shared_bytes > kDefaultSharedBytes)
    check(cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(shared_bytes)));
  if (grid.y > kMostBlocks || grid.z > kMostBlocks)
    throw Error(ErrorCode::kShape, "The GPU takes at most " + std::to_string(kMostBlocks) +
                                       " images at once: use smaller batches");
  const dim3 blocks(static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y),
                    static_cast<unsigned>(grid.z));
  void* pointers[] = {static_cast<void*>(&arguments)...};
  check(cudaLaunchKernel(function, blocks, dim3(static_cast<unsigned>(threads)), pointers,
                         shared_bytes, stream));
}

/// The block's dynamic shared memory, aligned for any vector and for tensor cores' fragments.
__device__ inline unsigned char* shared_memory() {
  extern __shared__ __align__(32) unsigned char memory[];
  return memory;
}

}  // namespace bigtransfer::ops::cuda
#endif

// Products of 16x16x16 that a warp computes together.
#pragma once

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include "ops/cuda/launch.h"

#if defined(BIGTRANSFER_EMULATE_CUDA)
#include "ops/cuda/emulated_wmma.h"
#elif defined(__CUDACC__)
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>

namespace bigtransfer::ops::cuda {

namespace wmma = nvcuda::wmma;

/// CUDA's own types of the same bits.
template <typename T>
struct Native;
template <>
struct Native<c10::Half> {
  using Type = __half;
};
template <>
struct Native<c10::BFloat16> {
  using Type = __nv_bfloat16;
};

}  // namespace bigtransfer::ops::cuda
#endif

namespace bigtransfer::ops::cuda {

inline constexpr int kFragment = 16;
inline constexpr int kWarpThreads = 32;

/// Whether the tensor cores that are compiled for take the type: bfloat16 from Ampere on.
template <typename T>
struct HasTensorCores {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
  static constexpr bool value = !std::is_same_v<T, c10::BFloat16>;
#else
  static constexpr bool value = true;
#endif
};

}  // namespace bigtransfer::ops::cuda

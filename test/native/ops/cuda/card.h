// Where the kernels of these tests run: on a GPU in bigtransfer_gpu_tests, and elsewhere on the
// CPU, emulated.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>

#include "ops/cuda/group_norm_act.h"
#if defined(BIGTRANSFER_TEST_ON_GPU)
#include <ATen/cuda/CUDAContext.h>
#endif

namespace bigtransfer::test {

#if defined(BIGTRANSFER_TEST_ON_GPU)
inline const at::Device kCard{at::kCUDA, 0};

inline ops::cuda::Stream stream() { return at::cuda::getCurrentCUDAStream().stream(); }

/// What a block has in fact, where that is less.
inline ops::cuda::DeviceLimits on_card(ops::cuda::DeviceLimits limits) {
  const auto shared =
      static_cast<int64_t>(at::cuda::getCurrentDeviceProperties()->sharedMemPerBlockOptin);
  limits.shared_bytes = std::min(limits.shared_bytes, shared);
  return limits;
}
#else
inline const at::Device kCard{at::kCPU};

inline ops::cuda::Stream stream() { return nullptr; }

inline ops::cuda::DeviceLimits on_card(const ops::cuda::DeviceLimits& limits) { return limits; }
#endif

}  // namespace bigtransfer::test

// What the tests of norms on GPUs have in common.
#pragma once

#include <cstdint>

#include "ops/cuda/norm_plan.h"

namespace bigtransfer::test {

inline constexpr double kEpsilon = 1e-5;

/// A device with little room, so that small images take every way there is.
inline constexpr ops::cuda::DeviceLimits kSmallDevice{.multiprocessors = 4,
                                                      .shared_bytes = 40 * 1024};

struct Shape {
  int64_t images;
  int64_t pixels;
  int64_t channels;
  int64_t groups;
};

}  // namespace bigtransfer::test

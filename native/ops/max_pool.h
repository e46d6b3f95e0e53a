// The stem's pool over one image, on the threads of the caller's team.
#pragma once

#include "ops/kernels.h"

namespace bigtransfer::ops {

/// Runs all rows of `task`, whatever rows it names, and sets its sums.
void max_pool(const Kernels& kernels, const PoolTask& task);

}  // namespace bigtransfer::ops

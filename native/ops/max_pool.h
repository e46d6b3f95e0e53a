// The stem's pool over one image, on all the threads that the caller may use.
#pragma once

#include "ops/kernels.h"

namespace bigtransfer::ops {

/// Runs all rows of `task`, whatever rows it names, and sets its sums, whose last bits depend on
/// `team` alone: see PackedConv::run.
void max_pool(const Kernels& kernels, const PoolTask& task, int64_t team);

}  // namespace bigtransfer::ops

// The kernels of each instruction set that the build has.
#pragma once

#include "ops/kernels.h"

/// Kernels with vectors of so many floats are in a namespace of their own; see vec.h.
#define BIGTRANSFER_DECLARE_KERNELS(isa) \
  namespace bigtransfer::ops::isa {      \
  void pointwise(const ConvTask& task);  \
  void spatial(const ConvTask& task);    \
  void winograd2(const ConvTask& task);  \
  void winograd4(const ConvTask& task);  \
  void max_pool(const PoolTask& task);   \
  }

#define BIGTRANSFER_KERNELS(isa, lanes)                                                      \
  ::bigtransfer::ops::Kernels {                                                              \
    2 * (lanes), isa::pointwise, isa::spatial, isa::winograd2, isa::winograd4, isa::max_pool \
  }

BIGTRANSFER_DECLARE_KERNELS(avx2)
BIGTRANSFER_DECLARE_KERNELS(avx512)

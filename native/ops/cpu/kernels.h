// The kernels of each instruction set that the build has.
#pragma once

#include "ops/kernels.h"

#define BIGTRANSFER_DECLARE_KERNELS(isa) \
  namespace bigtransfer::ops::isa {      \
  void pointwise(const ConvTask& task);  \
  void spatial(const ConvTask& task);    \
  void winograd2(const ConvTask& task);  \
  void winograd4(const ConvTask& task);  \
  void max_pool(const PoolTask& task);   \
  }

BIGTRANSFER_DECLARE_KERNELS(lanes8)
BIGTRANSFER_DECLARE_KERNELS(lanes16)

#undef BIGTRANSFER_DECLARE_KERNELS

// The kernels of each instruction set that the build has.
#pragma once

#include "ops/kernels.h"

/// Kernels with vectors of so many floats are in a namespace of their own; see vec.h.
#define BIGTRANSFER_DECLARE_KERNELS(isa)       \
  namespace bigtransfer::ops::isa {            \
  ConvKernels float32_kernels();               \
  ConvKernels bfloat16_kernels();              \
  void max_pool(const PoolTask& task);         \
  NormGradientKernels norm_gradient_kernels(); \
  PackingKernels packing_kernels();            \
  ResizeKernels resize_kernels();              \
  }

#define BIGTRANSFER_KERNELS(isa, lanes)                                                      \
  ::bigtransfer::ops::Kernels {                                                              \
    .panel = 2 * (lanes), .convolutions = {isa::float32_kernels(), isa::bfloat16_kernels()}, \
    .fastest = ::bigtransfer::ops::ConvType::kFloat32, .max_pool = isa::max_pool,            \
    .norm_gradient = isa::norm_gradient_kernels(), .packing = isa::packing_kernels(),        \
    .resize = isa::resize_kernels()                                                          \
  }

BIGTRANSFER_DECLARE_KERNELS(avx2)
BIGTRANSFER_DECLARE_KERNELS(avx512)
/// Has bfloat16_kernels alone.
BIGTRANSFER_DECLARE_KERNELS(avx512_bf16)

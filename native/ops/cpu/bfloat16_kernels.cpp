// Convolutions in bfloat16: input and weights are rounded to it, everything else is float.
#include "ops/cpu/kernel_sets.h"
#include "ops/cpu/pointwise.h"
#include "ops/cpu/spatial.h"
#include "ops/cpu/winograd.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

ConvKernels bfloat16_kernels() {
  return {
      .packing = {BFloat16::kPack, BFloat16::pack},
      .pointwise = pointwise<BFloat16>,
      .spatial = spatial<BFloat16>,
      .winograd2 = [](const ConvTask& task) { Tiles<2, BFloat16>(task).run(); },
      // Its transforms would lose most of the digits.
      .winograd4 = nullptr,
  };
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

// Convolutions in float32.
#include "ops/cpu/float32_element.h"
#include "ops/cpu/kernel_sets.h"
#include "ops/cpu/pointwise.h"
#include "ops/cpu/spatial.h"
#include "ops/cpu/weight_gradient.h"
#include "ops/cpu/winograd.h"
#include "ops/cpu/winograd_gradient.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

ConvKernels float32_kernels() {
  return {
      .packing = {Float32::kPack, Float32::pack},
      .pointwise = pointwise<Float32>,
      .spatial = spatial<Float32>,
      .winograd2 = [](const ConvTask& task) { Tiles<2, Float32>(task).run(); },
      .winograd4 = [](const ConvTask& task) { Tiles<4, Float32>(task).run(); },
      .weight_gradient = weight_gradient<Float32>,
      .gradient_units = gradient_units,
  };
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

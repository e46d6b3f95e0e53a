// Group norm and weight standardisation on a GPU's kernels, followed by autograd.
#pragma once

#include <ATen/ATen.h>

#include "training/gpu_kernels.h"

namespace bigtransfer::training {

/// ops::group_norm_act() of x [N, C, H, W], with channels last in x's type. The kernels must
/// outlive the way back. Throws as they do.
at::Tensor gpu_group_norm(const GpuKernels& kernels, const at::Tensor& x, const GpuNorm& norm);

/// ops::standardize_weight() of a float32 weight [out, in, kh, kw], in `type` with channels last.
/// The kernels must outlive the way back. Throws as they do.
at::Tensor gpu_standardize_weight(const GpuKernels& kernels, const at::Tensor& weight,
                                  at::ScalarType type);

}  // namespace bigtransfer::training

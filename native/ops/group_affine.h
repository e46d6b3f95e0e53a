// Group norm as one scale and one shift per channel of one image, from the sums of its channels.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "ops/kernels.h"

namespace bigtransfer::ops {

/// Scale and shift of a norm, padded with zeros to the pitch.
struct ChannelNorm {
  ChannelNorm(const at::Tensor& weight, const at::Tensor& bias, int64_t groups, int64_t pitch);

  int64_t groups;
  int64_t channels;
  std::vector<float> weight;
  std::vector<float> bias;
};

/// Writes scale and shift, each [x's pitch], such that scale * v + shift is group norm of the image
/// at `x`, whose channels have these `sums` ([2][pitch]: values and squares).
void group_affine(const ChannelNorm& norm, const float* x, const ImageShape& shape,
                  const double* sums, float* scale, float* shift);

}  // namespace bigtransfer::ops

// A linear layer whose every row is the same to the last bit however many rows there are.
#pragma once

#include <ATen/ATen.h>

#include "common/aligned_buffer.h"
#include "common/arena.h"
#include "ops/kernels.h"

namespace bigtransfer::ops {

/// Runs as a 1x1 convolution over rows. A library's product chooses its order of additions by the
/// number of rows, so that a row's last bits would tell how many others there were.
class PackedLinear {
 public:
  /// `weight` is [out, in] and `bias` [out], both float32. `kernels` and `arena` must outlive this.
  PackedLinear(const at::Tensor& weight, const at::Tensor& bias, const Kernels& kernels,
               Arena& arena);

  /// `x` is a contiguous float32 [N, in]; [N, out]. Uses the threads of the caller's team.
  at::Tensor run(const at::Tensor& x) const;

 private:
  const Kernels* kernels_;
  int64_t in_;
  int64_t out_;
  int64_t panels_;
  /// [panel][in][outputs of a panel], in the arena.
  float* weights_;
  at::Tensor bias_;
};

}  // namespace bigtransfer::ops

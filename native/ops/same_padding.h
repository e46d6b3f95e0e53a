// TensorFlow's SAME padding, which depends on the input's size.
#pragma once

#include <ATen/ATen.h>

namespace bigtransfer::ops {

/// Pads [..., H, W] with zeros so that a kernel of this size, stride and dilation gives
/// ceil(size / stride) outputs; an odd amount puts the extra zero on the right and bottom.
at::Tensor pad_same(const at::Tensor& x, int64_t kernel, int64_t stride, int64_t dilation);

}  // namespace bigtransfer::ops

// The crop of transformers' image processors.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace bigtransfer::ops {

/// The middle `height` x `width` of [..., H, W]; smaller images are padded with zeros, an odd
/// amount on the right and bottom.
at::Tensor center_crop(const at::Tensor& image, int64_t height, int64_t width);

}  // namespace bigtransfer::ops

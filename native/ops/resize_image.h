// Image resizing with libtorch's antialiased kernels, as torchvision calls them.
#pragma once

#include <ATen/ATen.h>

#include "ops/resize_taps.h"

namespace bigtransfer::ops {

/// Whether a bilinear resize of bytes weighs them in whole numbers here, and not in float.
bool resizes_in_whole_numbers();

/// Resizes uint8 `source` [1, C, H, W], planes apart or interleaved, to [1, C, height, width] of
/// either layout; an equal size is returned as it is.
/// Bicubic, bilinear and lanczos are antialiased; nearest is PIL's (centre of the source pixel).
/// Throws Error kConfig for box and hamming, which transformers refuses for tensors too. A libtorch
/// without a lanczos kernel resizes bicubically, again as transformers does.
at::Tensor resize_image(const at::Tensor& source, int64_t height, int64_t width, Resample resample);

}  // namespace bigtransfer::ops

// Image resizing with libtorch's antialiased kernels, as torchvision calls them.
#pragma once

#include <ATen/ATen.h>

namespace bigtransfer::ops {

/// PIL's filters; box and hamming have no tensor kernel.
enum class Resample { kNearest, kLanczos, kBilinear, kBicubic, kBox, kHamming };

/// Resizes uint8 `source` [1, C, H, W], planes apart or interleaved, to [1, C, height, width] of
/// either layout; an equal size is returned as it is.
/// Bicubic, bilinear and lanczos are antialiased; nearest is PIL's (centre of the source pixel).
/// Throws Error kConfig for box and hamming, which transformers refuses for tensors too. A libtorch
/// without a lanczos kernel resizes bicubically, again as transformers does.
at::Tensor resize_image(const at::Tensor& source, int64_t height, int64_t width, Resample resample);

}  // namespace bigtransfer::ops

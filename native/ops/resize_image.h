// Image resizing with libtorch's antialiased kernels, as torchvision calls them.
#pragma once

#include <ATen/ATen.h>

namespace bigtransfer::ops {

/// PIL's filters; box and hamming have no tensor kernel.
enum class Resample { kNearest, kLanczos, kBilinear, kBicubic, kBox, kHamming };

/// Resizes uint8 `image` [N, C, H, W] to [N, C, height, width]; an equal size is returned as it is.
/// Bicubic, bilinear and lanczos are antialiased; nearest is PIL's (centre of the source pixel).
/// Throws Error kConfig for box and hamming, which transformers refuses for tensors too. A libtorch
/// without a lanczos kernel resizes bicubically, again as transformers does.
at::Tensor resize_image(const at::Tensor& image, int64_t height, int64_t width, Resample resample);

}  // namespace bigtransfer::ops

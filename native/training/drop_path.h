// Stochastic depth (1603.09382): a block is left out for some of the images.
#pragma once

#include <ATen/ATen.h>

namespace bigtransfer::training {

/// `x` [N, C, H, W] with each image zeroed with probability `rate`, and the others scaled so that
/// the mean stays, as transformers and timm do. `rate` is from 0 to below 1.
at::Tensor drop_path(const at::Tensor& x, double rate, const at::Generator& chance);

}  // namespace bigtransfer::training

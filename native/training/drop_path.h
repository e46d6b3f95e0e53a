// Stochastic depth (1603.09382): a block is left out for some of the images.
#pragma once

#include <ATen/ATen.h>

namespace bigtransfer::training {

/// What is drawn for the images of a micro-batch, of which a call may have a part alone: an image's
/// draws are the same wherever the micro-batch is split.
struct PathDraws {
  at::Generator chance;
  /// The place of the call's first image in the micro-batch.
  int64_t first;
  /// Images of the micro-batch.
  int64_t of;
};

/// `x` [N, C, H, W] with each image zeroed with probability `rate`, and the others scaled so that
/// the mean stays, as transformers and timm do. `rate` is from 0 to below 1.
at::Tensor drop_path(const at::Tensor& x, double rate, const PathDraws& draws);

}  // namespace bigtransfer::training

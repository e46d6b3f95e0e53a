// Stochastic depth (1603.09382): a block is left out for some of the images.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace bigtransfer::training {

/// What is drawn for the images of a micro-batch, of which a call may have a part alone: an image's
/// draws are the same wherever the micro-batch is split.
struct PathDraws {
  /// For the whole micro-batch.
  uint64_t seed;
  /// The place of the call's first image in the micro-batch.
  int64_t first;
  /// Images of the micro-batch.
  int64_t of;
};

/// float32 [rates, images] on the CPU: 0 where an image leaves the block out, which it does with
/// the block's rate as its probability, from 0 to below 1; else what keeps the mean as it is, as
/// transformers and timm do. Undefined without rates.
at::Tensor path_factors(const std::vector<double>& rates, int64_t images, const PathDraws& draws);

/// `x` [N, C, H, W] with each image scaled by its factor of [N].
at::Tensor drop_path(const at::Tensor& x, const at::Tensor& factors);

}  // namespace bigtransfer::training

// What a trainer is given to learn from at once.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

#include "training/drop_path.h"

namespace bigtransfer::training {

/// MixUp (1710.09412): each image that is learnt from with another one.
struct Mixing {
  /// Of the image itself; the other one has the rest.
  double lambda;
  /// int64 [n]: which image is mixed into each of the first n. Those behind are there for that.
  at::Tensor partners;
};

/// A micro-batch, or the part of it that one peer learns from. Tensors are on the CPU.
struct MicroBatch {
  /// Floating [N, C, H, W].
  at::Tensor images;
  /// As model::loss() takes them.
  at::Tensor labels;
  std::optional<Mixing> mixing;
  /// Of its loss in the step's.
  double weight;
  /// Of what blocks are left out.
  PathDraws draws;
};

}  // namespace bigtransfer::training

// A preactivation block with ReLU as one function of autograd, on kernels of our own: it keeps what
// its convolutions make, and computes what lies between them again on the way back.
#pragma once

#include <ATen/ATen.h>

#include <array>

#include "model/topology.h"

namespace bigtransfer::training {

/// Maps on their way from block to block.
struct Maps {
  at::Tensor values;
  /// Sums and sums of squares of each channel, [N, 2, C] in double; undefined where they are not
  /// known yet.
  at::Tensor sums;
};

/// A block's parameters in float32, contiguous.
struct BlockParameters {
  struct Step {
    at::Tensor norm_weight;
    at::Tensor norm_bias;
    at::Tensor conv_weight;
  };
  std::array<Step, 3> steps;
  /// Undefined where the shortcut is the input itself.
  at::Tensor downsample;
};

/// Whether this machine has kernels for the block: those need channels that fill their vectors.
/// Blocks that may be left out have none.
bool has_fused_block(const model::Topology& topology, const model::BlockSpec& block,
                     at::ScalarType type);

/// How a block is computed.
struct BlockMode {
  int64_t groups;
  /// Of products; all else is float32.
  at::ScalarType type;
  /// Whether what its convolutions make is not kept, but made once more on the way back.
  bool recompute;
};

/// The block's output, followed by autograd. Uses the threads of the caller's team; the result does
/// not depend on how many there are. `spec` must outlive the way back. Throws Error kShape for maps
/// that are too small.
Maps fused_block(const Maps& in, const model::BlockSpec& spec, const BlockMode& mode,
                 const BlockParameters& parameters);

}  // namespace bigtransfer::training

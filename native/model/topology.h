// The network described once: every convolution and norm with its name, size and place.
// Whatever runs the network (the inference plan; autograd modules) is made from this.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/spec.h"

namespace bigtransfer::model {

/// A weight-standardised convolution without bias; square kernel, no groups.
struct ConvSpec {
  std::string name;
  int64_t in_channels;
  int64_t out_channels;
  int64_t kernel;
  int64_t stride;
  int64_t dilation;
  /// Constant padding on all four sides.
  int64_t padding;
  /// TensorFlow SAME: zeros by input size, the odd one on the right and bottom.
  bool same;
};

struct NormSpec {
  std::string name;
  int64_t channels;
  bool activation;
};

/// conv1 1x1, conv2 3x3 (has the stride), conv3 1x1, each with the norm of the same number.
struct BlockSpec {
  std::array<ConvSpec, 3> convs;
  std::array<NormSpec, 3> norms;
  /// Shortcut of a stage's first block.
  std::optional<ConvSpec> downsample;
  /// Only bottleneck blocks normalise the shortcut.
  std::optional<NormSpec> downsample_norm;
  /// Name of the activation after the addition, only in bottleneck blocks.
  std::optional<std::string> activation;
  double drop_path_rate;
};

struct StageSpec {
  std::string name;
  std::vector<BlockSpec> blocks;
};

struct StemSpec {
  ConvSpec conv;
  /// Only bottleneck networks; it stands between the padding and the pool.
  std::optional<NormSpec> norm;
  /// One zero on each side before the unpadded pool, which is not the same as a padded pool.
  bool constant_pad;
  /// SAME padding of the pool, by input size.
  bool same_pool;
};

struct HeadSpec {
  std::string name;
  int64_t in_features;
  int64_t out_features;
};

struct Topology {
  NetworkSpec spec;
  StemSpec stem;
  std::vector<StageSpec> stages;
  /// Final norm, only in preactivation networks.
  std::optional<NormSpec> norm;
  std::optional<HeadSpec> head;
};

/// Names are transformers' state-dict names; `prefix` ('bit.' or '') stands before the trunk's.
/// Throws Error kConfig when the numbers make no network.
Topology make_topology(const NetworkSpec& spec, const std::string& prefix);

}  // namespace bigtransfer::model

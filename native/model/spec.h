// The numbers that define a BiT network, as read from a BitConfig (lib/config/bit_config.ts).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bigtransfer::model {

enum class LayerType { kPreactivation, kBottleneck };

/// Padding rule of every convolution: symmetric constants, TensorFlow's SAME, or none at all.
enum class PaddingRule { kSymmetric, kSame, kValid };

/// No defaults here: lib/config holds the only copy of them.
struct NetworkSpec {
  int64_t num_channels;
  int64_t embedding_size;
  std::vector<int64_t> hidden_sizes;
  std::vector<int64_t> depths;
  LayerType layer_type;
  std::string hidden_act;
  PaddingRule padding;
  int64_t num_groups;
  double drop_path_rate;
  bool embedding_dynamic_padding;
  int64_t output_stride;
  double width_factor;
  /// Labels of the classification head; none for BitModel and BitBackbone. Zero is an identity
  /// head.
  std::optional<int64_t> num_labels;
};

/// Rounds a channel count to a multiple of 8, never losing more than a tenth (BiT, MobileNet).
int64_t make_div(double channels);

}  // namespace bigtransfer::model

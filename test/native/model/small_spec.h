// A network of the pre-trained family's kind that is small enough to run at once.
#pragma once

#include "model/spec.h"

namespace bigtransfer::test {

inline model::NetworkSpec small_spec() {
  return {.num_channels = 3,
          .embedding_size = 8,
          .hidden_sizes = {16, 24},
          .depths = {2, 1},
          .layer_type = model::LayerType::kPreactivation,
          .hidden_act = "relu",
          .padding = model::PaddingRule::kSymmetric,
          .num_groups = 4,
          .drop_path_rate = 0.0,
          .embedding_dynamic_padding = false,
          .output_stride = 32,
          .width_factor = 1,
          .num_labels = 7};
}

}  // namespace bigtransfer::test

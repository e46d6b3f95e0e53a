// What a network costs: parameters and multiply-adds by stage, for `bigtransfer inspect`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/topology.h"

namespace bigtransfer::model {

struct StageCost {
  std::string name;
  /// [channels, height, width]; [features] for pooling and head.
  std::vector<int64_t> output_shape;
  int64_t parameters;
  /// Of convolutions and the head for one image; norms and activations are not counted.
  int64_t multiply_adds;
};

/// One row each for the stem, every stage, and the norm, pool and head together.
std::vector<StageCost> cost_by_stage(const Topology& topology, int64_t height, int64_t width);

}  // namespace bigtransfer::model

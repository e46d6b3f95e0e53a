// A network's files with another head.
#pragma once

#include <ATen/ATen.h>

#include <string>

#include "model/spec.h"
#include "model/weights.h"

namespace bigtransfer::training {

struct NewHeadRequest {
  /// With the outputs of the new head.
  model::NetworkSpec spec;
  std::string prefix;
  model::WeightsSource source;
  /// float32 [outputs, width], [outputs].
  at::Tensor weight;
  at::Tensor bias;
};

/// Writes model.safetensors, complete or not at all: all parameters as the source has them but for
/// the head. Throws Error kCheckpoint as Weights do, kShape for a head of another size.
void save_with_head(const NewHeadRequest& request, const std::string& path);

}  // namespace bigtransfer::training

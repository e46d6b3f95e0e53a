// From weights to an engine on the device that was asked for.
#pragma once

#include <memory>
#include <string>

#include "model/plan.h"
#include "runtime/engine.h"

namespace bigtransfer::runtime {

/// Where and in what a model is to compute, by names as JavaScript gives them.
struct ComputeRequest {
  std::string device;
  std::string dtype;
  /// Whether float32 convolutions on a GPU may round to TF32.
  bool allow_tf32;
};

/// An engine, and what it and its type are called.
struct Prepared {
  std::unique_ptr<const Engine> engine;
  std::string device;
  std::string dtype;
};

/// With 'auto' the CPU where no GPU serves. Throws Error kDevice for a device that is not there,
/// kOutOfMemory.
Prepared prepare(model::Topology topology, const model::Weights& weights,
                 const ComputeRequest& request);

}  // namespace bigtransfer::runtime

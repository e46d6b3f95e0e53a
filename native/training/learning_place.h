// Where a network learns, and in what type it computes.
#pragma once

#include <memory>
#include <string>

#include "devices/devices.h"
#include "model/topology.h"
#include "training/learning_device.h"

namespace bigtransfer::training {

struct PlaceRequest {
  /// As models take it, but for all GPUs together.
  std::string device;
  /// 'auto', 'float32' or 'bfloat16'.
  std::string dtype;
  bool allow_tf32;
};

struct LearningPlace {
  /// Null: the CPU.
  std::unique_ptr<LearningDevice> device;
  /// 'cpu' or 'cuda:N'.
  std::string name;
  devices::ComputeType compute;
};

/// 'auto' is the first GPU where one works, else the CPU. Throws Error kDevice for what is not
/// there, and for a GPU that does not compute in the type.
LearningPlace choose_place(const PlaceRequest& request, const model::Topology& topology);

}  // namespace bigtransfer::training

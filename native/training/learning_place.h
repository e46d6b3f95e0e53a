// Where a network learns, and in what type it computes.
#pragma once

#include <memory>
#include <string>

#include "devices/cuda_devices.h"
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

/// What a GPU computes in. Throws Error kDevice for one that is too old for that, or at all.
devices::ComputeType learning_type(const std::string& wanted, const devices::CudaDevice& gpu);

/// 'auto' is the first GPU where one works, else the CPU. Throws Error kDevice for what is not
/// there, and for a GPU that does not compute in the type.
LearningPlace choose_place(const PlaceRequest& request, const model::Topology& topology);

}  // namespace bigtransfer::training

// A network with its weights on a GPU, whichever way it computes.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "model/run.h"
#include "model/topology.h"
#include "model/weights.h"
#include "runtime/gpu_plans.h"

namespace bigtransfer::runtime {

/// How kernels are chosen: by what is known of shapes; by trying them, which takes some tenths of a
/// second for each shape on each thread; or as such a trial by this thread ended, without waiting.
enum class KernelChoice { kByShape, kByTrial, kAsTried };

/// All of it starts work on the current stream and, but for trials, waits for nothing, so that it
/// can be recorded.
class DeviceNetwork {
 public:
  virtual ~DeviceNetwork() = default;

  /// What run() takes, in a layout of its own, from float pixel values [N, C, H, W] on the device.
  virtual at::Tensor input_of(const at::Tensor& pixel_values) const = 0;
  /// The same into an input of that shape.
  virtual void write_input(const at::Tensor& pixel_values, at::Tensor& input) const = 0;
  /// As Plan::run(), with results on the device.
  virtual model::RunResult run(const at::Tensor& input, const model::Wanted& wanted,
                               KernelChoice choice) const = 0;
  /// Of the weights.
  virtual int64_t bytes() const = 0;
};

/// Copies the weights to the current device on the current stream, and does not wait for them.
std::unique_ptr<const DeviceNetwork> make_device_network(const model::Topology& topology,
                                                         const model::Weights& weights,
                                                         const GpuPlanRequest& request);

}  // namespace bigtransfer::runtime

// A GPU that a network learns on: one stream of its own for all that is started.
#pragma once

#include <memory>

#include "devices/cuda/graph_pool.h"
#include "devices/cuda/own_stream.h"
#include "training/learning_device.h"

namespace bigtransfer::training {

class GpuLearning final : public LearningDevice {
 public:
  GpuLearning(c10::DeviceIndex device, bool allow_tf32)
      : device_(device), allow_tf32_(allow_tf32), stream_(device) {}

  at::Device device() const override { return {at::kCUDA, device_}; }
  void run(const Work& work) const override;
  void compute(const Work& work) const override;
  at::Tensor copy_of(const at::Tensor& values) const override;
  void write(const at::Tensor& values, const at::Tensor& target) const override;
  std::unique_ptr<RecordedWork> record(const Work& work) const override;
  void wait() const override;
  int64_t free_memory() const override;
  void release_memory() const override;

 private:
  /// Of all recordings: none of them runs beside another, nor leaves anything there that is read
  /// afterwards. It goes with the last of them.
  std::shared_ptr<const devices::GraphPool> pool() const;

  c10::DeviceIndex device_;
  bool allow_tf32_;
  devices::OwnStream stream_;
  mutable std::weak_ptr<const devices::GraphPool> pool_;
};

}  // namespace bigtransfer::training

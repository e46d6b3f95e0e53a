// What training asks of a GPU beside ATen's operators.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <memory>

namespace bigtransfer::training {

using Work = std::function<void()>;

/// Work on a device that was recorded once.
class RecordedWork {
 public:
  /// Waits for the last replay.
  virtual ~RecordedWork() = default;

  /// Starts it again, with what stands in the tensors by now that it reads.
  virtual void replay() = 0;
  /// Memory that it holds.
  virtual int64_t bytes() const = 0;
};

/// Whatever is started here is done in that order; calls come one at a time. Tensors that live on
/// the device, and recordings, go before this does, and recordings within run().
class LearningDevice {
 public:
  virtual ~LearningDevice() = default;

  virtual at::Device device() const = 0;
  /// Calls `work`, whose operators and copies are started here.
  virtual void run(const Work& work) const = 0;
  /// The same for work with convolutions, which are chosen and rounded as was asked for.
  virtual void compute(const Work& work) const = 0;
  /// Starts a copy of what is on the CPU. Within run() or compute(), as the three that follow.
  virtual at::Tensor copy_of(const at::Tensor& values) const = 0;
  /// Starts a copy to where `target` is.
  virtual void write(const at::Tensor& values, const at::Tensor& target) const = 0;
  /// Records what `work` starts, without running it; compute() has run the same work before. Throws
  /// what the work throws and what PyTorch does; nothing stays behind then.
  virtual std::unique_ptr<RecordedWork> record(const Work& work) const = 0;
  /// Waits for all that was started; the thread sleeps meanwhile.
  virtual void wait() const = 0;

  /// Bytes that could be given out now, once nothing that is let go is kept any more.
  virtual int64_t free_memory() const = 0;
  /// Gives memory that nobody uses back to the driver.
  virtual void release_memory() const = 0;
};

/// Devices to learn on, as the CUDA library offers them.
class LearningDevices {
 public:
  virtual ~LearningDevices() = default;

  /// Throws Error kDevice for a number that there is none of. `allow_tf32`: whether float32
  /// convolutions may round to TF32, as by PyTorch's defaults.
  virtual std::unique_ptr<LearningDevice> open(int device, bool allow_tf32) const = 0;
};

/// The CUDA library's export that gives its LearningDevices.
inline constexpr const char* kLearningDevicesEntry = "bigtransfer_cuda_learning_devices";

}  // namespace bigtransfer::training

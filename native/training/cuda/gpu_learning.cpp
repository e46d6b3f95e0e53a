// Runs, copies and recordings alike are on the stream that recordings are made on: autograd's
// threads follow the operators there, and memory needs no marks of other streams.
#include "training/cuda/gpu_learning.h"

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include <mutex>
#include <utility>

#include "devices/cuda/cudnn_settings.h"
#include "devices/cuda/gpu_copies.h"
#include "devices/cuda/gpu_index.h"
#include "devices/cuda/gpu_memory.h"
#include "devices/cuda/recorded_graph.h"

namespace bigtransfer::training {
namespace {

class Recording final : public RecordedWork {
 public:
  /// On the current stream, `stream`, on which it will be replayed and which outlives it.
  Recording(std::shared_ptr<const devices::GraphPool> pool, const Work& work,
            const devices::OwnStream& stream)
      : stream_(stream), graph_(std::move(pool), work) {}
  ~Recording() override {
    // Where the device has failed, there is nothing to wait for.
    C10_CUDA_IGNORE_ERROR(cudaStreamSynchronize(stream_.get().stream()));
  }

  void replay() override { graph_.replay(); }
  int64_t bytes() const override { return graph_.bytes(); }

 private:
  const devices::OwnStream& stream_;
  devices::RecordedGraph graph_;
};

class Devices final : public LearningDevices {
 public:
  std::unique_ptr<LearningDevice> open(int device, bool allow_tf32) const override {
    devices::check_index(device);
    return std::make_unique<GpuLearning>(static_cast<c10::DeviceIndex>(device), allow_tf32);
  }
};

}  // namespace

void GpuLearning::run(const Work& work) const {
  const c10::cuda::CUDAStreamGuard on(stream_.get());
  work();
}

void GpuLearning::compute(const Work& work) const {
  const devices::CudnnSettings settings(allow_tf32_, /*by_trial=*/true);
  run(work);
}

at::Tensor GpuLearning::copy_of(const at::Tensor& values) const {
  return devices::to_device(values.contiguous(), device_);
}

void GpuLearning::write(const at::Tensor& values, const at::Tensor& target) const {
  const at::Tensor staged = devices::empty_pinned(values.sizes(), values.scalar_type());
  staged.copy_(values);
  target.copy_(staged, /*non_blocking=*/true);
}

std::unique_ptr<RecordedWork> GpuLearning::record(const Work& work) const {
  const std::lock_guard lock(devices::recording());
  const devices::CudnnSettings settings(allow_tf32_, /*by_trial=*/true);
  return std::make_unique<Recording>(pool(), work, stream_);
}

void GpuLearning::wait() const { devices::wait_for_current_stream(); }

int64_t GpuLearning::free_memory() const {
  const c10::cuda::CUDAGuard guard(device_);
  devices::release_gpu_memory();
  size_t free = 0;
  size_t total = 0;
  C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  return static_cast<int64_t>(free);
}

void GpuLearning::release_memory() const { devices::release_gpu_memory(); }

std::shared_ptr<const devices::GraphPool> GpuLearning::pool() const {
  std::shared_ptr<const devices::GraphPool> pool = pool_.lock();
  if (!pool) pool_ = pool = std::make_shared<const devices::GraphPool>();
  return pool;
}

}  // namespace bigtransfer::training

extern "C" __attribute__((visibility("default"))) const bigtransfer::training::LearningDevices*
bigtransfer_cuda_learning_devices() {
  static const auto* const devices = new bigtransfer::training::Devices;
  return devices;
}

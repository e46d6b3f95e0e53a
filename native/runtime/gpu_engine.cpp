// Each share's images are prepared on the device that runs them.
#include "runtime/gpu_engine.h"

#include <bit>
#include <utility>

#include "common/error.h"
#include "devices/cuda_library.h"
#include "devices/problems.h"
#include "runtime/halving.h"

namespace bigtransfer::runtime {
namespace {

std::string name_of(int device) { return "cuda:" + std::to_string(device); }

/// Throws Error kShape unless the pictures are as the network takes them.
void check_pictures(const model::NetworkSpec& spec, const pictures::StagedPictures& pictures) {
  const std::vector<int64_t> first = pictures::common_shape(pictures);
  if (first.front() != spec.num_channels) {
    throw Error(ErrorCode::kShape,
                "The network takes images of " + std::to_string(spec.num_channels) +
                    " channels, and these pictures have " + std::to_string(first.front()));
  }
}

}  // namespace

std::optional<Gpus> gpus_of_machine() {
  const devices::CudaDevices* devices = devices::cuda_devices();
  const auto* plans = devices::cuda_offer<GpuPlans>(kGpuPlansEntry);
  const pictures::GpuPreprocessor* preprocessor = pictures::gpu_preprocessor();
  if (devices == nullptr || plans == nullptr || preprocessor == nullptr) return std::nullopt;
  return Gpus{*devices, *plans, *preprocessor};
}

GpuEngine::GpuEngine(const Gpus& gpus, const model::Topology& topology,
                     const model::Weights& weights, const GpuEngineRequest& request)
    : gpus_(gpus),
      spec_(topology.spec),
      devices_(request.devices),
      replicas_(request.devices.size(), [this](size_t replica, const std::string& why) {
        const int device = devices_[replica];
        devices::note_problem(device, why);
        const std::lock_guard lock(mutex_);
        warnings_.push_back(name_of(device) + " failed and is left out from now on: " + why);
      }) {
  for (const int device : devices_)
    plans_.push_back(
        gpus_.plans.make_plan(topology, weights, {request.dtype, device, request.allow_tf32}));
}

GpuEngine::~GpuEngine() {
  plans_.clear();
  try {
    gpus_.devices.release_memory();
  } catch (const std::exception&) {  // the device is gone, and its memory with it
  }
}

void GpuEngine::check(const CallImages& images) const {
  if (images.pictures.empty()) {
    model::check_input(spec_, images.pixel_values);
  } else {
    check_pictures(spec_, images.pictures);
  }
}

at::Tensor GpuEngine::pixel_values_of(const CallImages& images, const Share& share,
                                      size_t replica) const {
  if (images.pictures.empty())
    return images.pixel_values.first().narrow(0, share.begin, share.count);
  return gpus_.preprocessor.pixel_values(images.pictures, share.begin, share.count,
                                         devices_[replica]);
}

model::RunResult GpuEngine::run(const CallImages& images, const model::Wanted& wanted,
                                const model::RunControl& control) const {
  check(images);
  if (control.clock != nullptr && devices_.size() > 1)
    throw Error(ErrorCode::kDevice, "One GPU is timed at a time: use device 'cuda:N'");
  if (images.pixel_values.parts.size() > 1)
    return run({{{images.pixel_values.whole()}}, {}}, wanted, control);
  return replicas_.run(images.count(), [&](size_t replica, const Share& share) {
    const auto run = [&](const Share& part) {
      control.between();
      return plans_[replica]->run({{pixel_values_of(images, part, replica)}}, wanted, control);
    };
    return run_halving(share, run, [&] { gpus_.devices.release_memory(); });
  });
}

int64_t GpuEngine::best_batch(int64_t waiting) const {
  const auto gpus = static_cast<int64_t>(devices_.size());
  if (waiting <= gpus) return waiting;
  return gpus * static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(waiting / gpus)));
}

int64_t GpuEngine::bytes() const {
  int64_t total = 0;
  for (const auto& plan : plans_) total += plan->bytes();
  return total;
}

std::vector<std::string> GpuEngine::take_warnings() const {
  const std::lock_guard lock(mutex_);
  return std::exchange(warnings_, {});
}

}  // namespace bigtransfer::runtime

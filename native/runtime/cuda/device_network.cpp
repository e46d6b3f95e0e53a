// The pre-trained family by kernels of our own, all others by libtorch's operators.
#include "runtime/cuda/device_network.h"

#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAEvent.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string_view>

#include "devices/cuda/cudnn_settings.h"
#include "model/cuda/gpu_network.h"
#include "model/layer_plan.h"

namespace bigtransfer::runtime {
namespace {

ops::cuda::DeviceLimits limits_of_device() {
  const cudaDeviceProp& properties = *at::cuda::getCurrentDeviceProperties();
  return {properties.multiProcessorCount, static_cast<int64_t>(properties.sharedMemPerBlockOptin)};
}

/// Tries of the same work, of which the shortest counts.
constexpr int kTries = 3;

double milliseconds_of(const std::function<void()>& work) {
  // Once before, for libraries' own preparations.
  work();
  double shortest = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kTries; ++i) {
    at::cuda::CUDAEvent start(cudaEventDefault);
    at::cuda::CUDAEvent stop(cudaEventDefault);
    start.record();
    work();
    stop.record();
    stop.synchronize();
    shortest = std::min(shortest, static_cast<double>(start.elapsed_time(stop)));
  }
  return shortest;
}

/// A setting for measurements, see docs/gpu.md.
int64_t sub_batch_of_environment() {
  const char* text = std::getenv("BIGTRANSFER_SUB_BATCH");
  return text == nullptr ? 0 : std::strtoll(text, nullptr, 10);
}

/// Likewise: 0 for blocks whose maps are all normalised one by one.
bool tries_products() {
  const char* text = std::getenv("BIGTRANSFER_NORM_PRODUCT");
  return text == nullptr || std::string_view(text) != "0";
}

class FamilyNetwork final : public DeviceNetwork {
 public:
  FamilyNetwork(const model::Topology& topology, const model::Weights& weights,
                const GpuPlanRequest& request, at::Device device)
      : network_(topology, weights, request.dtype, device),
        limits_(limits_of_device()),
        allow_tf32_(request.allow_tf32) {}

  at::Tensor input_of(const at::Tensor& pixel_values) const override {
    at::Tensor input = network_.empty_input(pixel_values);
    write_input(pixel_values, input);
    return input;
  }
  void write_input(const at::Tensor& pixel_values, at::Tensor& input) const override {
    network_.write_input(pixel_values, input, on(KernelChoice::kByShape));
  }
  model::RunResult run(const at::Tensor& input, const model::Wanted& wanted,
                       KernelChoice choice) const override {
    return network_.run(input, wanted, on(choice));
  }
  int64_t bytes() const override { return network_.bytes(); }

 private:
  model::GpuStream on(KernelChoice choice) const {
    return {.stream = at::cuda::getCurrentCUDAStream().stream(),
            .limits = limits_,
            .allow_tf32 = allow_tf32_,
            .by_trial = choice != KernelChoice::kByShape,
            .stopwatch = choice == KernelChoice::kByTrial && tries_products_
                             ? model::Stopwatch(milliseconds_of)
                             : model::Stopwatch(),
            .sub_batch = sub_batch_};
  }

  model::GpuNetwork network_;
  ops::cuda::DeviceLimits limits_;
  bool allow_tf32_;
  int64_t sub_batch_ = sub_batch_of_environment();
  bool tries_products_ = tries_products();
};

class LayersNetwork final : public DeviceNetwork {
 public:
  LayersNetwork(const model::Topology& topology, const model::Weights& weights,
                const GpuPlanRequest& request, at::Device device)
      : plan_(topology, weights, at::TensorOptions().device(device).dtype(request.dtype)),
        allow_tf32_(request.allow_tf32) {}

  at::Tensor input_of(const at::Tensor& pixel_values) const override {
    return pixel_values.clone();
  }
  void write_input(const at::Tensor& pixel_values, at::Tensor& input) const override {
    input.copy_(pixel_values, /*non_blocking=*/true);
  }
  /// cuDNN chooses by shape, whatever is asked for: trying is a setting of the whole process.
  model::RunResult run(const at::Tensor& input, const model::Wanted& wanted,
                       KernelChoice) const override {
    const devices::CudnnSettings settings(allow_tf32_, /*by_trial=*/false);
    return plan_.run({{input}}, wanted, {.between = [] {}, .left_out = {}, .clock = nullptr});
  }
  int64_t bytes() const override { return plan_.bytes(); }

 private:
  model::LayerPlan plan_;
  bool allow_tf32_;
};

}  // namespace

std::unique_ptr<const DeviceNetwork> make_device_network(const model::Topology& topology,
                                                         const model::Weights& weights,
                                                         const GpuPlanRequest& request) {
  const at::Device device(at::kCUDA, static_cast<c10::DeviceIndex>(request.device));
  if (model::GpuNetwork::serves(topology))
    return std::make_unique<const FamilyNetwork>(topology, weights, request, device);
  return std::make_unique<const LayersNetwork>(topology, weights, request, device);
}

}  // namespace bigtransfer::runtime

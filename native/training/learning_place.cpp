// GPUs first, where there are some.
#include "training/learning_place.h"

#include <exception>
#include <optional>

#include "common/error.h"
#include "devices/cuda_library.h"
#include "devices/problems.h"
#include "model/plan.h"

namespace bigtransfer::training {
namespace {

/// Nothing where no GPU serves, and 'auto' was asked for.
std::optional<LearningPlace> choose_gpu(const PlaceRequest& request) {
  const bool must = request.device != devices::kAuto;
  const auto* offered = devices::cuda_offer<LearningDevices>(kLearningDevicesEntry);
  if (!must && offered == nullptr) return std::nullopt;
  const int gpu = devices::gpus_of(must ? request.device : devices::kCuda).front();
  try {
    if (offered == nullptr)
      throw Error(ErrorCode::kDevice, "The CUDA library does not train: run `npm run build:cuda`");
    const devices::CudaDevice facts = devices::cuda_devices()->all().at(static_cast<size_t>(gpu));
    const devices::ComputeType compute = learning_type(request.dtype, facts);
    return LearningPlace{offered->open(gpu, request.allow_tf32), "cuda:" + std::to_string(gpu),
                         compute};
  } catch (const std::exception& error) {
    if (must) throw;
    devices::note_problem(gpu, error.what());
    return std::nullopt;
  }
}

}  // namespace

devices::ComputeType learning_type(const std::string& wanted, const devices::CudaDevice& gpu) {
  devices::check_computes(gpu, at::kFloat);
  // Gradients in float16 would vanish: what is no good at bfloat16 learns in float32.
  const bool has_bfloat16 = devices::fast_type(gpu) == at::kBFloat16;
  const at::ScalarType fastest = has_bfloat16 ? at::kBFloat16 : at::kFloat;
  const devices::ComputeType chosen = devices::choose_dtype(wanted, fastest);
  if (chosen.type != fastest && chosen.type != at::kFloat)
    throw Error(ErrorCode::kDevice, gpu.name + " does not learn in " + chosen.name +
                                        ": use dtype 'float32', or 'auto'");
  return chosen;
}

LearningPlace choose_place(const PlaceRequest& request, const model::Topology& topology) {
  if (request.device != devices::kCpu) {
    if (auto on_gpu = choose_gpu(request)) return std::move(*on_gpu);
  }
  return {nullptr, devices::kCpu,
          devices::choose_dtype(request.dtype, model::fastest_type(topology))};
}

}  // namespace bigtransfer::training

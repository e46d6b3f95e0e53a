// GPUs first, where there are some.
#include "runtime/prepare.h"

#include <optional>
#include <utility>
#include <vector>

#include "devices/devices.h"
#include "devices/problems.h"
#include "runtime/cpu_engine.h"
#include "runtime/gpu_engine.h"

namespace bigtransfer::runtime {
namespace {

/// Nothing where no GPU serves, and 'auto' was asked for.
std::optional<Prepared> prepare_gpus(const model::Topology& topology, const model::Weights& weights,
                                     const ComputeRequest& request) {
  const bool must = request.device != devices::kAuto;
  const std::optional<Gpus> machine = gpus_of_machine();
  if (!must && !machine) return std::nullopt;
  const std::vector<int> gpus = devices::gpus_of(must ? request.device : devices::kCuda);
  const devices::ComputeType compute =
      devices::choose_dtype(request.dtype, devices::fastest_on(gpus));
  const std::string device = request.device == devices::kAllGpus
                                 ? devices::kAllGpus
                                 : "cuda:" + std::to_string(gpus.front());
  try {
    const std::vector<devices::CudaDevice> all = machine->devices.all();
    for (const int gpu : gpus)
      devices::check_computes(all.at(static_cast<size_t>(gpu)), compute.type);
    auto model = std::make_unique<const GpuEngine>(
        *machine, topology, weights, GpuEngineRequest{compute.type, request.allow_tf32, gpus});
    return Prepared{std::move(model), device, compute.name};
  } catch (const std::exception& error) {
    if (must) throw;
    devices::note_problem(gpus.front(), error.what());
    return std::nullopt;
  }
}

}  // namespace

Prepared prepare(model::Topology topology, const model::Weights& weights,
                 const ComputeRequest& request) {
  if (request.device != devices::kCpu) {
    if (auto on_gpus = prepare_gpus(topology, weights, request)) return std::move(*on_gpus);
  }
  const devices::ComputeType compute =
      devices::choose_dtype(request.dtype, model::fastest_type(topology));
  return {std::make_unique<const CpuEngine>(
              model::make_plan(std::move(topology), weights, compute.type)),
          devices::kCpu, compute.name};
}

}  // namespace bigtransfer::runtime

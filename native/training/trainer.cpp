// Loss, gradients, steps and files.
#include "training/trainer.h"

#include <c10/core/GradMode.h>

#include <utility>

#include "checkpoint/safetensors_writer.h"
#include "common/error.h"
#include "devices/cuda_library.h"
#include "devices/gpu_failure.h"
#include "training/exchange.h"
#include "training/gpu_kernels.h"

namespace bigtransfer::training {
namespace {

void zero(const Graph& graph, const std::string& name) {
  const c10::NoGradGuard guard;
  for (const Parameter& each : graph.parameters())
    if (each.name == name) each.value.zero_();
}

/// What to do where the GPU's memory is too short, for the whole run and for its micro-batches.
constexpr const char* kForRun = "a smaller model, a GPU with more of it, or device 'cpu'";
constexpr const char* kForMicroBatch =
    "a larger batchSplit, gradientCheckpointing, dtype 'bfloat16' or a smaller crop";

/// Of the exception in flight, where a GPU is what failed.
[[noreturn]] void throw_in_our_words(const char* what_helps) {
  const std::optional<devices::GpuFailure> failure = devices::gpu_failure();
  if (!failure) throw;
  const std::string words = devices::failure_words();
  if (*failure == devices::GpuFailure::kMemory)
    throw Error(ErrorCode::kOutOfMemory, "The GPU's memory is too short; what helps: " +
                                             std::string(what_helps) + " (" + words + ")");
  throw Error(ErrorCode::kDevice, words);
}

LearningPlace place_of(const TrainerRequest& request) {
  return choose_place(request.place, model::make_topology(request.spec, request.prefix));
}

GradientsAfter gradients_after(const LearningPlace& place) {
  return place.device ? GradientsAfter::kZero : GradientsAfter::kForgotten;
}

at::Device device_of(const LearningPlace& place) {
  return place.device ? place.device->device() : at::Device(at::kCPU);
}

/// Of the CUDA library, which has come with the device.
const GpuKernels* kernels_of(const LearningPlace& place) {
  if (!device_of(place).is_cuda()) return nullptr;
  return devices::cuda_offer<GpuKernels>(kGpuKernelsEntry);
}

}  // namespace

Trainer::State::State(const TrainerRequest& request, const LearningPlace& place,
                      model::Topology topology)
    : State(request, place, topology,
            model::Weights::read(model::parameters(topology), request.source)) {}

Trainer::State::State(const TrainerRequest& request, const LearningPlace& place,
                      model::Topology topology, const model::Weights& weights)
    : loading_info(weights.loading_info()),
      graph(std::move(topology), weights, place.compute.type, request.recompute, device_of(place),
            kernels_of(place)),
      optimizer(graph.parameters(), request.rates, gradients_after(place)) {
  if (request.zero_head) {
    zero(graph, graph.head().name + ".weight");
    zero(graph, graph.head().name + ".bias");
  }
  if (!request.optimizer_file.empty()) optimizer.restore(request.optimizer_file);
  if (!place.device) return;
  steps.emplace(*place.device, [this, problem = request.problem](const StepInputs& inputs) {
    return add_gradients(graph, inputs, problem);
  });
}

Trainer::Trainer(const TrainerRequest& request) : Trainer(request, place_of(request)) {}

Trainer::Trainer(const TrainerRequest& request, LearningPlace place)
    : problem_(request.problem), place_(std::move(place)) {
  try {
    on_place([&] {
      state_ = std::make_unique<State>(request, place_,
                                       model::make_topology(request.spec, request.prefix));
    });
  } catch (...) {
    release_memory();
    throw;
  }
}

Trainer::~Trainer() { release_memory(); }

void Trainer::release_memory() noexcept {
  if (!place_.device) return;
  try {
    place_.device->run([&] { state_.reset(); });
    place_.device->release_memory();
  } catch (const std::exception&) {  // the device is gone, and its memory with it
  }
}

template <typename Work>
void Trainer::on_place(const Work& work) const {
  if (!place_.device) return work();
  try {
    place_.device->run(work);
  } catch (...) {
    throw_in_our_words(kForRun);
  }
}

double Trainer::accumulate(const MicroBatch& batch) {
  const std::lock_guard lock(mutex_);
  const StepInputs inputs = step_inputs(batch, state_->graph, problem_);
  if (!state_->steps) return add_gradients(state_->graph, inputs, problem_).item<double>();
  try {
    return state_->steps->run(inputs);
  } catch (...) {
    if (devices::gpu_failure() == devices::GpuFailure::kMemory) {
      state_->steps->stop_recording();
      place_.device->release_memory();
    }
    throw_in_our_words(kForMicroBatch);
  }
}

void Trainer::sum(peers::Peers& peers) {
  const std::lock_guard lock(mutex_);
  on_place([&] { sum_gradients(state_->graph.parameters(), peers); });
}

void Trainer::take_from_first(peers::Peers& peers) {
  const std::lock_guard lock(mutex_);
  std::vector<at::Tensor> tensors;
  for (const Parameter& each : state_->graph.parameters()) tensors.push_back(each.value.detach());
  for (const auto& [name, velocity] : state_->optimizer.velocities()) tensors.push_back(velocity);
  on_place([&] { training::take_from_first(tensors, peers); });
}

void Trainer::step(double learning_rate) {
  const std::lock_guard lock(mutex_);
  on_place([&] { state_->optimizer.step(learning_rate); });
}

void Trainer::forget() {
  const std::lock_guard lock(mutex_);
  on_place([&] { state_->optimizer.forget(); });
}

void Trainer::save(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const Parameter& each : state_->graph.parameters())
    tensors.emplace_back(each.name, each.value.detach());
  save_tensors(path, std::move(tensors));
}

void Trainer::save_optimizer(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  save_tensors(path, state_->optimizer.velocities());
}

void Trainer::save_tensors(const std::string& path,
                           std::vector<std::pair<std::string, at::Tensor>> tensors) const {
  on_place([&] {
    for (auto& [name, tensor] : tensors) tensor = tensor.cpu();
  });
  checkpoint::write_safetensors(path, tensors, {{"format", "pt"}});
}

int64_t Trainer::bytes() const {
  constexpr int64_t kCopies = 3;
  int64_t total = 0;
  for (const Parameter& each : state_->graph.parameters())
    total += static_cast<int64_t>(each.value.nbytes()) * (each.learns ? kCopies : 1);
  return total;
}

}  // namespace bigtransfer::training

// Loading, running and saving one model.
#include "runtime/session.h"

#include <c10/core/InferenceMode.h>

#include "checkpoint/safetensors_writer.h"
#include "common/error.h"
#include "runtime/cuda_backend.h"
#include "runtime/devices.h"

namespace bigtransfer::runtime {
namespace {

model::Weights read_weights(const LoadRequest& request, const model::Topology& topology) {
  std::vector<model::ParameterSpec> parameters = model::parameters(topology);
  if (request.files.empty()) return {std::move(parameters), request.seed};
  return {std::move(parameters), request.seed,
          checkpoint::Checkpoint::open(request.files, request.expected_names),
          request.ignore_mismatched_sizes};
}

}  // namespace

std::shared_ptr<Session> Session::load(const LoadRequest& request) {
  const c10::InferenceMode guard;
  std::shared_ptr<Session> session(new Session());
  // Before anything is read.
  if (request.device != kAuto && request.device != kCpu) gpus_of(request.device);
  model::Topology topology = model::make_topology(request.spec, request.prefix);
  std::unique_ptr<State> state(new State{read_weights(request, topology), nullptr, nullptr});
  session->loading_info_ = state->weights.loading_info();
  session->prepare(*state, std::move(topology), request);
  auto freed = std::make_shared<std::promise<void>>();
  session->freed_ = freed->get_future().share();
  session->state_ = {state.release(), [freed](const State* last) {
                       delete last;
                       freed->set_value();
                     }};
  return session;
}

void Session::prepare(State& state, model::Topology topology, const LoadRequest& request) {
  if (request.device != kCpu && prepare_gpus(state, topology, request)) return;
  const ComputeType compute = choose_dtype(request.dtype, fastest_on_cpu(topology));
  state.plan = model::make_plan(std::move(topology), state.weights, compute.type);
  device_ = kCpu;
  dtype_ = compute.name;
}

bool Session::prepare_gpus(State& state, const model::Topology& topology,
                           const LoadRequest& request) {
  const bool must = request.device != kAuto;
  if (!must && cuda_backend() == nullptr) return false;
  const std::vector<int> gpus = gpus_of(must ? request.device : kCuda);
  const ComputeType compute = choose_dtype(request.dtype, fastest_on(gpus));
  try {
    state.gpus =
        std::make_unique<const GpuModel>(*cuda_backend(), topology, state.weights,
                                         GpuModelRequest{compute.type, request.allow_tf32, gpus});
  } catch (const std::exception& error) {
    if (must) throw;
    note_device_problem(gpus.front(), error.what());
    return false;
  }
  device_ = request.device == kAllGpus ? kAllGpus : "cuda:" + std::to_string(gpus.front());
  dtype_ = compute.name;
  return true;
}

std::shared_ptr<const Session::State> Session::state() const {
  const std::lock_guard lock(mutex_);
  if (!state_) throw Error(ErrorCode::kDisposed, "The model has been disposed of");
  return state_;
}

ForwardResult Session::forward(const ForwardRequest& request, const CancelToken& token) const {
  const c10::InferenceMode guard;
  const std::shared_ptr<const State> state = this->state();
  const auto between = [&] { token.throw_if_cancelled(); };
  model::LayerClock clock;
  model::RunRequest run = request.run;
  run.clock = request.profile ? &clock : nullptr;
  ForwardResult result;
  if (state->gpus) {
    result.run = state->gpus->run(run, request.pictures, between);
    result.warnings = state->gpus->take_warnings();
  } else {
    result.run = state->plan->run(run, between);
  }
  result.layers = clock.layers();
  if (request.labels.defined() && request.problem) {
    result.loss = model::loss(result.run.logits, request.labels, *request.problem);
  }
  return result;
}

std::vector<std::pair<std::string, at::Tensor>> Session::state_dict() const {
  const c10::InferenceMode guard;
  const std::shared_ptr<const State> state = this->state();
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const model::ParameterSpec& each : state->weights.parameters()) {
    tensors.emplace_back(each.name, state->weights.get(each.name));
  }
  return tensors;
}

void Session::save(const std::string& path) const {
  // The mapping that the views stand on is kept by the tensors themselves.
  checkpoint::write_safetensors(path, state_dict(), {{"format", "pt"}});
}

void Session::dispose() {
  std::shared_ptr<const State> last;
  {
    const std::lock_guard lock(mutex_);
    last.swap(state_);
  }
  last.reset();
  freed_.wait();
}

}  // namespace bigtransfer::runtime

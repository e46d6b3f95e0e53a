// Loading, running and saving one model; device and dtype choices.
#include "runtime/session.h"

#include <c10/core/InferenceMode.h>

#include "checkpoint/safetensors_writer.h"
#include "common/error.h"
#include "model/fused_plan.h"
#include "ops/kernels.h"

namespace bigtransfer::runtime {
namespace {

/// This build computes on the CPU alone.
std::string choose_device(const std::string& wanted) {
  if (wanted == "auto" || wanted == "cpu") return "cpu";
  throw Error(ErrorCode::kDevice, "device '" + wanted +
                                      "' is not available: this build runs on the CPU. Use device "
                                      "'cpu' or 'auto'");
}

struct ComputeType {
  std::string name;
  at::ScalarType type;
};

/// 'auto' is bfloat16 only where that is the faster one.
ComputeType choose_dtype(const std::string& wanted, const model::Topology& topology) {
  if (wanted == "auto") {
    const bool is_faster =
        auto_dtype() == "bfloat16" && model::FusedPlan::serves(topology, at::kBFloat16);
    return choose_dtype(is_faster ? "bfloat16" : "float32", topology);
  }
  if (wanted == "float32") return {"float32", at::kFloat};
  if (wanted == "bfloat16") return {"bfloat16", at::kBFloat16};
  if (wanted == "float16") return {"float16", at::kHalf};
  throw Error(ErrorCode::kDevice,
              "dtype '" + wanted + "' is not one of auto, float32, bfloat16, float16");
}

model::Weights read_weights(const LoadRequest& request, const model::Topology& topology) {
  std::vector<model::ParameterSpec> parameters = model::parameters(topology);
  if (request.files.empty()) return {std::move(parameters), request.seed};
  return {std::move(parameters), request.seed,
          checkpoint::Checkpoint::open(request.files, request.expected_names),
          request.ignore_mismatched_sizes};
}

}  // namespace

std::string auto_dtype() {
  const ops::Kernels* kernels = ops::kernels();
  return kernels != nullptr && kernels->fast_bfloat16 ? "bfloat16" : "float32";
}

struct Session::State {
  std::shared_ptr<const Facts> facts;
  model::Weights weights;
  std::unique_ptr<const model::Plan> plan;
  std::shared_ptr<Batcher> batcher;
};

/// One session's hold on a state.
struct Session::Lease {
  std::shared_ptr<const State> state;
  std::shared_ptr<Freed> freed;

  ~Lease() {
    state.reset();
    freed->fire();
  }
};

std::shared_ptr<Session> Session::load(const LoadRequest& request) {
  const c10::InferenceMode guard;
  std::string device = choose_device(request.device);
  model::Topology topology = model::make_topology(request.spec, request.prefix);
  const ComputeType compute = choose_dtype(request.dtype, topology);
  model::Weights weights = read_weights(request, topology);
  auto facts =
      std::make_shared<const Facts>(Facts{weights.loading_info(), std::move(device), compute.name});
  std::unique_ptr<const model::Plan> plan =
      model::make_plan(std::move(topology), weights, compute.type);
  auto batcher = std::make_shared<Batcher>(*plan, request.batching, request.threads);
  const std::shared_ptr<const State> state(
      new State{std::move(facts), std::move(weights), std::move(plan), std::move(batcher)});
  return std::shared_ptr<Session>(new Session(state));
}

Session::Session(std::shared_ptr<const State> state)
    : facts_(state->facts), freed_(std::make_shared<Freed>()) {
  lease_ = std::shared_ptr<const Lease>(new Lease{std::move(state), freed_});
}

WeakRegistry<const Session::State>& Session::shared() {
  static auto* const registry = new WeakRegistry<const State>();
  return *registry;
}

std::shared_ptr<Session> Session::open_shared(uint64_t number) {
  const std::shared_ptr<const State> state = shared().find(number);
  if (!state)
    throw Error(ErrorCode::kDisposed,
                "The shared model has been disposed of: keep one open until others have opened it");
  return std::shared_ptr<Session>(new Session(state));
}

uint64_t Session::share() const { return shared().add(pin()->state); }

Session::Pin Session::pin() const {
  const std::lock_guard lock(mutex_);
  if (!lease_) throw Error(ErrorCode::kDisposed, "The model has been disposed of");
  return lease_;
}

void Session::expect_room() const { pin()->state->batcher->expect_room(); }

std::function<void()> Session::forward(ForwardRequest request, const CancelToken& token,
                                       Batcher::Done done) const {
  const Pin pin = this->pin();
  const std::shared_ptr<Batcher>& batcher = pin->state->batcher;
  const auto call = batcher->submit(std::move(request), token, pin, std::move(done));
  return [batcher = std::weak_ptr(batcher), call = std::weak_ptr(call)] {
    const auto queue = batcher.lock();
    const auto waiting = call.lock();
    if (queue && waiting) queue->withdraw(waiting);
  };
}

std::vector<std::pair<std::string, at::Tensor>> Session::state_dict(const Pin& pin) {
  const c10::InferenceMode guard;
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const model::ParameterSpec& each : pin->state->weights.parameters()) {
    tensors.emplace_back(each.name, pin->state->weights.get(each.name));
  }
  return tensors;
}

void Session::save(const Pin& pin, const std::string& path) {
  // The mapping that the views stand on is kept by the tensors themselves.
  checkpoint::write_safetensors(path, state_dict(pin), {{"format", "pt"}});
}

SessionStats Session::stats() const {
  const Pin pin = this->pin();
  const Batcher& batcher = *pin->state->batcher;
  return {batcher.counts(), batcher.waiting(), batcher.running(), pin->state->plan->bytes()};
}

int64_t Session::bytes() const {
  const std::lock_guard lock(mutex_);
  return lease_ ? lease_->state->plan->bytes() : 0;
}

void Session::dispose(std::function<void()> freed) {
  Pin last;
  {
    const std::lock_guard lock(mutex_);
    last.swap(lease_);
  }
  last.reset();
  freed_->then(std::move(freed));
}

}  // namespace bigtransfer::runtime

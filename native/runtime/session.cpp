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

std::shared_ptr<Session> Session::load(const LoadRequest& request) {
  const c10::InferenceMode guard;
  std::shared_ptr<Session> session(new Session());
  session->device_ = choose_device(request.device);
  model::Topology topology = model::make_topology(request.spec, request.prefix);
  const ComputeType compute = choose_dtype(request.dtype, topology);
  session->dtype_ = compute.name;
  model::Weights weights = read_weights(request, topology);
  session->loading_info_ = weights.loading_info();
  std::unique_ptr<const model::Plan> plan =
      model::make_plan(std::move(topology), weights, compute.type);
  auto freed = std::make_shared<std::promise<void>>();
  session->freed_ = freed->get_future().share();
  session->state_ = {new State{std::move(weights), std::move(plan)}, [freed](const State* state) {
                       delete state;
                       freed->set_value();
                     }};
  return session;
}

std::shared_ptr<const Session::State> Session::state() const {
  const std::lock_guard lock(mutex_);
  if (!state_) throw Error(ErrorCode::kDisposed, "The model has been disposed of");
  return state_;
}

ForwardResult Session::forward(const ForwardRequest& request, const CancelToken& token) const {
  const c10::InferenceMode guard;
  const std::shared_ptr<const State> state = this->state();
  model::LayerClock clock;
  model::RunRequest run = request.run;
  run.clock = request.profile ? &clock : nullptr;
  ForwardResult result{state->plan->run(run, [&] { token.throw_if_cancelled(); }), {}, {}};
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

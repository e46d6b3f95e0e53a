// Loading, running and saving one model.
#include "runtime/session.h"

#include <c10/core/InferenceMode.h>

#include <filesystem>
#include <optional>

#include "checkpoint/safetensors_writer.h"
#include "common/error.h"
#include "runtime/cpu_engine.h"
#include "runtime/cuda_backend.h"
#include "runtime/devices.h"
#include "runtime/gpu_model.h"

namespace bigtransfer::runtime {
namespace {

model::Weights read_weights(const LoadRequest& request, const model::Topology& topology) {
  std::vector<model::ParameterSpec> parameters = model::parameters(topology);
  if (request.files.empty()) return {std::move(parameters), request.seed};
  return {std::move(parameters), request.seed, checkpoint::Checkpoint::open(request.files),
          request.allowed};
}

/// An engine, and what it and its type are called.
struct Prepared {
  std::unique_ptr<const Engine> engine;
  std::string device;
  std::string dtype;
};

/// Nothing where no GPU serves, and 'auto' was asked for.
std::optional<Prepared> prepare_gpus(const model::Topology& topology, const model::Weights& weights,
                                     const LoadRequest& request) {
  const bool must = request.device != kAuto;
  if (!must && cuda_backend() == nullptr) return std::nullopt;
  const std::vector<int> gpus = gpus_of(must ? request.device : kCuda);
  const ComputeType compute = choose_dtype(request.dtype, fastest_on(gpus));
  const std::string device =
      request.device == kAllGpus ? kAllGpus : "cuda:" + std::to_string(gpus.front());
  try {
    auto model =
        std::make_unique<const GpuModel>(*cuda_backend(), topology, weights,
                                         GpuModelRequest{compute.type, request.allow_tf32, gpus});
    return Prepared{std::move(model), device, compute.name};
  } catch (const std::exception& error) {
    if (must) throw;
    note_device_problem(gpus.front(), error.what());
    return std::nullopt;
  }
}

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  if (!path.empty()) std::filesystem::create_directories(path, error);
  if (error)
    throw Error(ErrorCode::kCheckpoint, "Cannot make " + path.string() + ": " + error.message());
}

/// On the device that was asked for.
Prepared prepare(model::Topology topology, const model::Weights& weights,
                 const LoadRequest& request) {
  if (request.device != kCpu) {
    if (auto on_gpus = prepare_gpus(topology, weights, request)) return std::move(*on_gpus);
  }
  const ComputeType compute = choose_dtype(request.dtype, fastest_on_cpu(topology));
  return {std::make_unique<const CpuEngine>(
              model::make_plan(std::move(topology), weights, compute.type)),
          kCpu, compute.name};
}

}  // namespace

struct Session::State {
  std::shared_ptr<const Facts> facts;
  model::Weights weights;
  std::unique_ptr<const Engine> engine;
  std::shared_ptr<Batcher> batcher;
  int64_t weight_bytes;

  int64_t bytes() const { return weight_bytes + engine->bytes(); }
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
  // Before anything is read.
  if (request.device != kAuto && request.device != kCpu) gpus_of(request.device);
  model::Topology topology = model::make_topology(request.spec, request.prefix);
  model::Weights weights = read_weights(request, topology);
  Prepared prepared = prepare(std::move(topology), weights, request);
  auto facts =
      std::make_shared<const Facts>(Facts{weights.loading_info(), std::move(prepared.device),
                                          std::move(prepared.dtype), request.description});
  const int width = facts->device == kCpu ? request.threads : kOnDevice;
  auto batcher = std::make_shared<Batcher>(*prepared.engine, request.batching, width);
  const int64_t weight_bytes = weights.bytes();
  const std::shared_ptr<const State> state(new State{std::move(facts), std::move(weights),
                                                     std::move(prepared.engine), std::move(batcher),
                                                     weight_bytes});
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

std::shared_ptr<Session> Session::open_shared(const std::string& token) {
  if (!shared().gave(token))
    throw Error(
        ErrorCode::kConfig,
        "The handle is not one that share() of this copy of bigtransfer returned: each copy "
        "of the package in a process has weights of its own, so load one copy only");
  const std::shared_ptr<const State> state = shared().find(token);
  if (!state)
    throw Error(ErrorCode::kDisposed,
                "The shared model has been disposed of: keep one open until others have opened it");
  return std::shared_ptr<Session>(new Session(state));
}

std::string Session::share() const { return shared().add(pin()->state); }

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
  make_folder(std::filesystem::path(path).parent_path());
  // The mapping that the views stand on is kept by the tensors themselves.
  checkpoint::write_safetensors(path, state_dict(pin), {{"format", "pt"}});
}

SessionStats Session::stats() const {
  const Pin pin = this->pin();
  const Batcher& batcher = *pin->state->batcher;
  return {batcher.counts(), batcher.waiting(), batcher.running(), pin->state->bytes()};
}

int64_t Session::bytes() const {
  const std::lock_guard lock(mutex_);
  return lease_ ? lease_->state->bytes() : 0;
}

void Session::dispose(std::function<void()> freed) {
  Pin last;
  {
    const std::lock_guard lock(mutex_);
    last.swap(lease_);
  }
  if (last) last->state->batcher->hurry();
  last.reset();
  freed_->then(std::move(freed));
}

}  // namespace bigtransfer::runtime

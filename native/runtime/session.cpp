// Loading, running and saving one model.
#include "runtime/session.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <filesystem>

#include "checkpoint/safetensors_writer.h"
#include "common/error.h"
#include "devices/devices.h"
#include "runtime/prepare.h"

namespace bigtransfer::runtime {
namespace {

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  if (!path.empty()) std::filesystem::create_directories(path, error);
  if (error)
    throw Error(ErrorCode::kCheckpoint, "Cannot make " + path.string() + ": " + error.message());
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
  if (request.compute.device != devices::kAuto && request.compute.device != devices::kCpu)
    devices::gpus_of(request.compute.device);
  model::Topology topology = model::make_topology(request.spec, request.prefix);
  model::Weights weights = model::Weights::read(model::parameters(topology), request.source);
  Prepared prepared = prepare(std::move(topology), weights, request.compute);
  auto facts =
      std::make_shared<const Facts>(Facts{weights.loading_info(), std::move(prepared.device),
                                          std::move(prepared.dtype), request.description});
  const int width = facts->device == devices::kCpu ? request.threads : kOnDevice;
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
    tensors.emplace_back(each.name, pin->state->weights.lend(each.name).read());
  }
  return tensors;
}

at::Tensor Session::parameter_rows(const Pin& pin, const std::string& name,
                                   const std::vector<int64_t>& rows) {
  const c10::InferenceMode guard;
  const model::Weights& weights = pin->state->weights;
  const auto& known = weights.parameters();
  const auto found =
      std::ranges::find_if(known, [&](const auto& parameter) { return parameter.name == name; });
  if (found == known.end()) throw Error(ErrorCode::kConfig, "The network has no parameter " + name);
  for (const int64_t row : rows) {
    if (row < 0 || row >= found->shape.at(0))
      throw Error(ErrorCode::kShape, name + " has " + std::to_string(found->shape.at(0)) +
                                         " rows, and none of number " + std::to_string(row));
  }
  return weights.lend(name).read().index_select(0, at::tensor(rows, at::kLong));
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

int64_t Session::bytes() const { return lease_ ? lease_->state->bytes() : 0; }

void Session::dispose(std::function<void()> freed) {
  if (lease_) lease_->state->batcher->hurry();
  lease_.reset();
  freed_->then(std::move(freed));
}

}  // namespace bigtransfer::runtime

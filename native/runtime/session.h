// One loaded model: its plan, its weights, and the calls in flight.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/weights.h"
#include "runtime/batcher.h"
#include "runtime/cancel.h"
#include "runtime/freed.h"
#include "runtime/prepare.h"
#include "runtime/weak_registry.h"

namespace bigtransfer::runtime {

struct LoadRequest {
  model::NetworkSpec spec;
  std::string prefix;
  model::WeightsSource source;
  ComputeRequest compute;
  BatchLimits batching;
  /// Compute threads of one call; 0: all.
  int threads;
  /// What whoever opens the weights by open_shared() is to know of them.
  std::string description;
};

struct SessionStats {
  CallCounts calls;
  /// Calls that wait, and calls that run.
  size_t waiting;
  size_t running;
  /// Weights and buffers, shared by all who opened them.
  int64_t bytes;
};

/// A model that is open in one environment, whose thread alone calls it.
class Session {
 private:
  struct State;
  struct Lease;

 public:
  /// Keeps the weights for as long as it is held.
  using Pin = std::shared_ptr<const Lease>;

  /// Reads and prepares the weights; takes as long as that takes.
  static std::shared_ptr<Session> load(const LoadRequest& request);

  /// Another session on the weights of one that was shared. Throws Error kConfig for a token of
  /// another copy of this library, kDisposed when nobody holds the weights any more.
  static std::shared_ptr<Session> open_shared(const std::string& token);
  /// A token for open_shared(); it keeps nothing.
  std::string share() const;

  /// Throws Error kOverloaded when there is no room for another call.
  void expect_room() const;
  /// Queues a call; `done` gets its outcome once, from any thread. What is returned ends a call
  /// whose token was cancelled: at once while it waits, and else before its next layer. Throws
  /// Error kDisposed after dispose(), and as expect_room().
  std::function<void()> forward(ForwardRequest request, const CancelToken& token,
                                Batcher::Done done) const;

  /// Throws Error kDisposed after dispose().
  Pin pin() const;
  /// Every parameter in float32, in state-dict order; views of the checkpoint's mapping where they
  /// can be.
  static std::vector<std::pair<std::string, at::Tensor>> state_dict(const Pin& pin);
  /// Rows [rows, ...] of one parameter, in float32. Throws Error kConfig for a name that the
  /// network does not have, and kShape for a row that the parameter does not have.
  static at::Tensor parameter_rows(const Pin& pin, const std::string& name,
                                   const std::vector<int64_t>& rows);
  /// Writes model.safetensors at `path`, complete or not at all; its folder is made.
  static void save(const Pin& pin, const std::string& path);

  /// Throws Error kDisposed after dispose().
  SessionStats stats() const;
  /// Weights and buffers; 0 after dispose().
  int64_t bytes() const;

  /// Refuses later calls. `freed` is called once those before are done with the weights, from any
  /// thread; the weights are freed unless other sessions share them. May be called again.
  void dispose(std::function<void()> freed);

  const model::LoadingInfo& loading_info() const { return facts_->loading_info; }
  const std::string& device() const { return facts_->device; }
  const std::string& dtype() const { return facts_->dtype; }
  const std::string& description() const { return facts_->description; }

 private:
  struct Facts {
    model::LoadingInfo loading_info;
    std::string device;
    std::string dtype;
    std::string description;
  };

  explicit Session(std::shared_ptr<const State> state);
  static WeakRegistry<const State>& shared();

  std::shared_ptr<const Facts> facts_;
  Pin lease_;
  /// Fired when the last holder of the lease has let it go.
  std::shared_ptr<Freed> freed_;
};

}  // namespace bigtransfer::runtime

// One loaded model: its plan, its weights, and the calls in flight.
#pragma once

#include <ATen/ATen.h>

#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/loss.h"
#include "model/plan.h"
#include "model/weights.h"
#include "runtime/cancel.h"

namespace bigtransfer::runtime {

struct LoadRequest {
  model::NetworkSpec spec;
  std::string prefix;
  /// Checkpoint files; none for random weights.
  std::vector<std::string> files;
  std::vector<std::string> expected_names;
  bool ignore_mismatched_sizes;
  uint64_t seed;
  std::string device;
  std::string dtype;
};

struct ForwardRequest {
  model::RunRequest run;
  /// Undefined for no loss.
  at::Tensor labels;
  std::optional<model::ProblemType> problem;
  /// Whether the layers are timed.
  bool profile;
};

struct ForwardResult {
  model::RunResult run;
  at::Tensor loss;
  /// Empty unless asked for.
  std::vector<model::LayerTime> layers;
};

/// What dtype 'auto' is for the pre-trained family on this machine.
std::string auto_dtype();

class Session {
 public:
  /// Reads and prepares the weights; takes as long as that takes.
  static std::shared_ptr<Session> load(const LoadRequest& request);

  /// Any number of calls may run at once. Throws Error kDisposed after dispose().
  ForwardResult forward(const ForwardRequest& request, const CancelToken& token) const;

  /// Every parameter in float32, in state-dict order; views of the checkpoint's mapping where they
  /// can be.
  std::vector<std::pair<std::string, at::Tensor>> state_dict() const;

  /// Writes model.safetensors at `path`, complete or not at all.
  void save(const std::string& path) const;

  /// Refuses later calls, waits for those that are running and frees the weights. May be called
  /// again, and then waits for the same.
  void dispose();

  const model::LoadingInfo& loading_info() const { return loading_info_; }
  const std::string& device() const { return device_; }
  const std::string& dtype() const { return dtype_; }

 private:
  struct State {
    model::Weights weights;
    std::unique_ptr<const model::Plan> plan;
  };

  Session() = default;
  /// The state, held by the caller for as long as it computes.
  std::shared_ptr<const State> state() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const State> state_;
  /// Ready when the last holder of the state has let it go.
  std::shared_future<void> freed_;
  model::LoadingInfo loading_info_;
  std::string device_;
  std::string dtype_;
};

}  // namespace bigtransfer::runtime

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
#include "runtime/devices.h"
#include "runtime/gpu_model.h"
#include "runtime/staged_picture.h"

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
  /// Whether float32 convolutions on a GPU may round to TF32.
  bool allow_tf32;
};

struct ForwardRequest {
  model::RunRequest run;
  /// Instead of the run's pixel values; empty for none, and always on the CPU.
  StagedPictures pictures;
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
  /// GPUs that failed meanwhile, each once, for people.
  std::vector<std::string> warnings;
};

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
  /// Whether its calls wait for a GPU, and take no thread that computes.
  bool on_gpu() const { return device_ != kCpu; }

 private:
  struct State {
    model::Weights weights;
    /// One of the two.
    std::unique_ptr<const model::Plan> plan;
    std::unique_ptr<const GpuModel> gpus;
  };

  Session() = default;
  /// Makes the plan on the device that was asked for, and names both it and the type.
  void prepare(State& state, model::Topology topology, const LoadRequest& request);
  /// False where no GPU serves, and 'auto' was asked for.
  bool prepare_gpus(State& state, const model::Topology& topology, const LoadRequest& request);
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

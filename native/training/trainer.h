// A run of training: gradients of micro-batches added up, of all peers too, then a step.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/recycled_memory.h"
#include "model/loss.h"
#include "model/weights.h"
#include "peers/peers.h"
#include "training/graph.h"
#include "training/learning_place.h"
#include "training/micro_batch.h"
#include "training/recorded_steps.h"
#include "training/sgd.h"

namespace bigtransfer::training {

struct TrainerRequest {
  model::NetworkSpec spec;
  std::string prefix;
  model::WeightsSource source;
  /// Of save_optimizer(), to go on from there; empty to begin.
  std::string optimizer_file;
  /// Whether the head starts at zero, whatever the source has.
  bool zero_head;
  PlaceRequest place;
  /// See Graph.
  bool recompute;
  model::ProblemType problem;
  SgdRates rates;
};

/// Calls may come from any thread; they run one after the other. On a GPU they throw Error
/// kOutOfMemory where its memory is too short, kDevice where it fails.
class Trainer {
 public:
  /// Throws Error kCheckpoint, kConfig as Weights and Graph do, kDevice as choose_place().
  explicit Trainer(const TrainerRequest& request);
  /// At a place that was chosen before, whatever the request says.
  Trainer(const TrainerRequest& request, LearningPlace place);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// Adds weight · gradient of the mean loss, which is returned. Throws Error kShape for images or
  /// labels that do not fit; forget() is due after any error.
  double accumulate(const MicroBatch& batch);
  /// Adds up what all peers have added up: the same everywhere, bit by bit. Throws Error kTraining
  /// where a peer is gone; forget() is due then.
  void sum(peers::Peers& peers);
  /// Takes parameters, and what the optimiser remembers, from peer 0. Throws Error kTraining.
  void take_from_first(peers::Peers& peers);
  /// One step along what was added up.
  void step(double learning_rate);
  /// Forgets what was added up.
  void forget();

  /// Writes model.safetensors, complete or not at all.
  void save(const std::string& path) const;
  /// The same for what the optimiser remembers.
  void save_optimizer(const std::string& path) const;

  const model::LoadingInfo& loading_info() const { return state_->loading_info; }
  /// 'cpu' or 'cuda:N', and what is computed in there.
  const std::string& device() const { return place_.name; }
  const std::string& dtype() const { return place_.compute.name; }
  /// Memory of parameters, gradients and velocities.
  int64_t bytes() const;

 private:
  /// What lives on the device.
  struct State {
    State(const TrainerRequest& request, const LearningPlace& place, model::Topology topology);

    model::LoadingInfo loading_info;
    Graph graph;
    Sgd optimizer;
    /// On a device alone.
    std::optional<RecordedSteps> steps;

   private:
    State(const TrainerRequest& request, const LearningPlace& place, model::Topology topology,
          const model::Weights& weights);
  };

  /// Gives back what the device keeps.
  void release_memory() noexcept;
  /// Calls `work` where the network learns, with the device's failures in our words.
  template <typename Work>
  void on_place(const Work& work) const;
  void save_tensors(const std::string& path,
                    std::vector<std::pair<std::string, at::Tensor>> tensors) const;

  RecyclesAll recycling_;
  mutable std::mutex mutex_;
  model::ProblemType problem_;
  LearningPlace place_;
  std::unique_ptr<State> state_;
};

}  // namespace bigtransfer::training

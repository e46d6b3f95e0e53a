// A run of training: gradients of micro-batches added up, of all peers too, then a step.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "common/recycled_memory.h"
#include "model/loss.h"
#include "model/weights.h"
#include "peers/peers.h"
#include "training/graph.h"
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
  at::ScalarType compute;
  /// See Graph.
  bool recompute;
  model::ProblemType problem;
  SgdRates rates;
};

/// MixUp (1710.09412): each image that is learnt from with another one.
struct Mixing {
  /// Of the image itself; the other one has the rest.
  double lambda;
  /// int64 [n]: which image is mixed into each of the first n. Those behind are there for that.
  at::Tensor partners;
};

/// A micro-batch, or the part of it that one peer learns from.
struct MicroBatch {
  /// Floating [N, C, H, W].
  at::Tensor images;
  /// As model::loss() takes them.
  at::Tensor labels;
  std::optional<Mixing> mixing;
  /// Of its loss in the step's.
  double weight;
  /// Of what blocks are left out, for the whole micro-batch.
  uint64_t drop_seed;
  /// Which images of the micro-batch these are, from which one on.
  int64_t first;
  /// Images of the whole micro-batch.
  int64_t of;
};

/// Calls may come from any thread; they run one after the other.
class Trainer {
 public:
  /// Throws Error kCheckpoint, kConfig as Weights and Graph do.
  explicit Trainer(const TrainerRequest& request);

  /// Adds weight · gradient of the mean loss, which is returned. Throws Error kShape for images or
  /// labels that do not fit.
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

  const model::LoadingInfo& loading_info() const { return loading_info_; }
  /// Memory of parameters, gradients and velocities.
  int64_t bytes() const;

 private:
  Trainer(const TrainerRequest& request, model::Topology topology);
  Trainer(const TrainerRequest& request, model::Topology topology, const model::Weights& weights);

  RecyclesAll recycling_;
  mutable std::mutex mutex_;
  model::LoadingInfo loading_info_;
  model::ProblemType problem_;
  Graph graph_;
  Sgd optimizer_;
};

}  // namespace bigtransfer::training

// One run of a network: its images, what it is to give, how it is watched, and what comes of it.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "model/layer_clock.h"

namespace bigtransfer::model {

/// The images of a run.
struct RunInput {
  /// Floating [N, C, H, W] each, at least one, alike but for N; they are read where they are.
  std::vector<at::Tensor> parts;

  const at::Tensor& first() const { return parts.front(); }
  int64_t images() const;
  /// All of them in one tensor: a copy where there are several parts.
  at::Tensor whole() const;
};

/// Which outputs a run is to give.
struct Wanted {
  bool last_hidden_state;
  bool pooler_output;
  /// Only of networks with a classifier.
  bool logits;
  bool hidden_states;
  /// Indices into [stem, stage1, ...]; each once, ascending.
  std::vector<int64_t> feature_maps;

  bool operator==(const Wanted&) const = default;
  /// Whether the means of the last map are needed.
  bool pools() const { return pooler_output || logits; }
  /// Whether all stages run, and the final norm.
  bool normalises() const { return last_hidden_state || pools(); }
};

/// How a run is stopped and timed.
struct RunControl {
  /// Called before each convolution, perhaps from several threads, and may throw to stop the run;
  /// GPUs, whose layers are started together, do not call it.
  std::function<void()> between;
  /// Asked before each block, perhaps from several threads, by plans that take images apart, which
  /// leave such an image where it is; others run it to its end. Its part of the outputs has no
  /// meaning. May be empty.
  std::function<bool(int64_t image)> left_out;
  /// Times the layers, of one image after the other; null for full speed.
  LayerClock* clock;
};

/// Undefined tensors and empty vectors where not wanted; all float32 and contiguous.
struct RunResult {
  /// [N, C, h, w] after the final norm.
  at::Tensor last_hidden_state;
  /// [N, C, 1, 1].
  at::Tensor pooler_output;
  /// [N, labels].
  at::Tensor logits;
  std::vector<at::Tensor> hidden_states;
  std::vector<at::Tensor> feature_maps;
};

/// Calls body(tensor) for every tensor of a result that is there; the images are its first
/// dimension.
template <typename Result, typename Body>
void for_each_tensor(Result& result, const Body& body) {
  for (auto* each : {&result.last_hidden_state, &result.pooler_output, &result.logits}) {
    if (each->defined()) body(*each);
  }
  for (auto* list : {&result.hidden_states, &result.feature_maps}) {
    for (auto& each : *list) body(each);
  }
}

/// The images of all parts, which were asked for the same, one after the other.
RunResult joined(const std::vector<RunResult>& parts);

/// The outputs of `count` images from `first`: views.
RunResult slice(const RunResult& all, int64_t first, int64_t count);

}  // namespace bigtransfer::model

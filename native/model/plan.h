// The inference execution of a topology: kernels standardised once at load, no gradients.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "model/topology.h"
#include "model/weights.h"
#include "ops/group_norm_act.h"

namespace bigtransfer::model {

struct RunRequest {
  /// Floating [N, C, H, W].
  at::Tensor pixel_values;
  bool hidden_states;
  /// Indices into [stem, stage1, ...]; each once, ascending.
  std::vector<int64_t> feature_maps;
  /// Whether the final norm, pooling and classifier run.
  bool head;
};

/// Undefined tensors and empty vectors where not asked for; all float32 and contiguous.
struct RunResult {
  at::Tensor last_hidden_state;
  at::Tensor pooler_output;
  at::Tensor logits;
  std::vector<at::Tensor> hidden_states;
  std::vector<at::Tensor> feature_maps;
};

class Plan {
 public:
  /// Reads every parameter of `weights` once; computes in `dtype`.
  Plan(Topology topology, const Weights& weights, at::ScalarType dtype);

  /// Safe to call from several threads at once. `between` is called before each block and may throw
  /// to stop the run. Throws Error kShape when the input does not fit the network.
  RunResult run(const RunRequest& request, const std::function<void()>& between) const;

  const Topology& topology() const { return topology_; }

 private:
  struct Conv {
    ConvSpec spec;
    at::Tensor weight;
  };
  struct Block {
    std::array<Conv, 3> convs;
    std::array<ops::GroupNormAct, 3> norms;
    std::optional<Conv> downsample;
    std::optional<ops::GroupNormAct> downsample_norm;
    std::optional<ops::Activation> activation;
  };

  Conv make_conv(const ConvSpec& spec, const Weights& weights) const;
  ops::Activation make_activation(const std::string& name, const Weights& weights) const;
  ops::GroupNormAct make_norm(const NormSpec& spec, const Weights& weights) const;
  Block make_block(const BlockSpec& spec, const Weights& weights) const;

  void check_input(const at::Tensor& pixel_values) const;
  static at::Tensor convolve(const at::Tensor& x, const Conv& conv);
  at::Tensor run_stem(const at::Tensor& pixel_values) const;
  at::Tensor run_block(const at::Tensor& x, const Block& block) const;
  void run_head(const at::Tensor& features, RunResult& result) const;

  Topology topology_;
  at::ScalarType dtype_;
  Conv stem_;
  std::optional<ops::GroupNormAct> stem_norm_;
  std::vector<std::vector<Block>> stages_;
  std::optional<ops::GroupNormAct> norm_;
  at::Tensor head_weight_;
  at::Tensor head_bias_;
};

}  // namespace bigtransfer::model

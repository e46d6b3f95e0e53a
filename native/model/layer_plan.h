// The plain plan: one ATen operator after another, for every network, type and activation.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "model/plan.h"
#include "model/topology.h"
#include "model/weights.h"
#include "ops/group_norm_act.h"

namespace bigtransfer::model {

class LayerPlan final : public Plan {
 public:
  /// Computes in `dtype`.
  LayerPlan(Topology topology, const Weights& weights, at::ScalarType dtype);

  RunResult run(const RunRequest& request, const std::function<void()>& between) const override;

 private:
  struct Conv {
    ConvSpec spec;
    at::Tensor weight;
  };
  struct Block {
    const BlockSpec* spec;
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

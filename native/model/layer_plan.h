// The plain plan: one ATen operator after another, for every network, type and activation.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "model/plan.h"
#include "model/topology.h"
#include "model/weights.h"
#include "ops/group_norm_act.h"

namespace bigtransfer::model {

class LayerPlan final : public Plan {
 public:
  /// Computes in the type and on the device that `options` name.
  LayerPlan(Topology topology, const Weights& weights, const at::TensorOptions& options);

  RunResult run(const RunInput& input, const Wanted& wanted,
                const RunControl& control) const override;
  int64_t bytes() const override;

 private:
  struct Conv {
    ConvSpec spec;
    at::Tensor weight;
  };
  struct Norm {
    std::string name;
    ops::GroupNormAct op;
  };
  struct Block {
    const BlockSpec* spec;
    std::array<Conv, 3> convs;
    std::array<Norm, 3> norms;
    std::optional<Conv> downsample;
    std::optional<Norm> downsample_norm;
    std::optional<ops::Activation> activation;
  };

  Conv make_conv(const ConvSpec& spec, const Weights& weights) const;
  ops::Activation make_activation(const std::string& name, const Weights& weights) const;
  Norm make_norm(const NormSpec& spec, const Weights& weights) const;
  Block make_block(const BlockSpec& spec, const Weights& weights) const;

  static at::Tensor convolve(const at::Tensor& x, const Conv& conv, const RunControl& control);
  static at::Tensor normalise(const at::Tensor& x, const Norm& norm, const RunControl& control);
  at::Tensor run_stem(const at::Tensor& pixel_values, const RunControl& control) const;
  at::Tensor run_block(const at::Tensor& x, const Block& block, const RunControl& control) const;
  void run_head(const at::Tensor& features, const Wanted& wanted, const RunControl& control,
                RunResult& result) const;

  Topology topology_;
  at::TensorOptions options_;
  Conv stem_;
  std::optional<Norm> stem_norm_;
  std::vector<std::vector<Block>> stages_;
  std::optional<Norm> norm_;
  at::Tensor head_weight_;
  at::Tensor head_bias_;
};

}  // namespace bigtransfer::model

// The training execution of a topology: raw weights, followed by autograd.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/topology.h"
#include "model/weights.h"
#include "ops/activation.h"
#include "training/drop_path.h"
#include "training/fused_block.h"
#include "training/gpu_kernels.h"

namespace bigtransfer::training {

/// A parameter in float32; its gradient is in `value.grad()`.
struct Parameter {
  std::string name;
  at::Tensor value;
  /// Whether it learns: constants of activations do not.
  bool learns;
};

/// A classifier that learns. Parameters are its own: copies of what they start from.
class Graph {
 public:
  /// Computes in `compute`, float32 or bfloat16; parameters and gradients are float32 in any case.
  /// `recompute`: blocks keep their inputs alone for the way back, where they are run once more.
  /// `kernels`: of the GPU where the parameters are, which outlive the graph; null for libtorch's
  /// operators, wherever that is. Throws Error kConfig for a network without labels.
  Graph(model::Topology topology, const model::Weights& weights, at::ScalarType compute,
        bool recompute, const GpuKernels* kernels);

  /// [N, labels] in float32 for images [N, C, H, W]. Blocks are left out by chance as the topology
  /// says where `draws` are given; without them as when a network is evaluated. Throws Error
  /// kShape when the images do not fit.
  at::Tensor logits(const at::Tensor& images, const std::optional<PathDraws>& draws) const;

  /// In state-dict order.
  const std::vector<Parameter>& parameters() const { return parameters_; }
  const model::HeadSpec& head() const { return *topology_.head; }

 private:
  const at::Tensor& parameter(const std::string& name) const;
  /// In the type that is computed in, with channels last.
  at::Tensor standardized(const model::ConvSpec& spec) const;
  at::Tensor convolve(const at::Tensor& x, const model::ConvSpec& spec) const;
  at::Tensor activate(const at::Tensor& x, const std::string& name) const;
  at::Tensor normalise(const at::Tensor& x, const model::NormSpec& spec) const;
  at::Tensor normalise_by_kernels(const at::Tensor& x, const model::NormSpec& spec) const;
  at::Tensor run_stem(const at::Tensor& images) const;
  at::Tensor run_block(const at::Tensor& x, const model::BlockSpec& block,
                       const std::optional<PathDraws>& draws) const;
  at::Tensor run_block_again(const at::Tensor& x, const model::BlockSpec& block,
                             const std::optional<PathDraws>& draws) const;
  BlockParameters parameters_of(const model::BlockSpec& block) const;

  model::Topology topology_;
  at::ScalarType compute_;
  bool recompute_;
  const GpuKernels* kernels_;
  std::vector<Parameter> parameters_;
  std::map<std::string, size_t> places_;
};

}  // namespace bigtransfer::training

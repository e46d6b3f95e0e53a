// The training execution of a topology: raw weights, followed by autograd.
#pragma once

#include <ATen/ATen.h>

#include <map>
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
  /// Parameters are on `device`, copied on its current stream. `kernels`: of that device, which
  /// outlive the graph; null for libtorch's operators. Throws Error kConfig for a network without
  /// labels.
  Graph(model::Topology topology, const model::Weights& weights, at::ScalarType compute,
        bool recompute, at::Device device = at::kCPU, const GpuKernels* kernels = nullptr);

  /// [N, labels] in float32 for images [N, C, H, W]. Blocks are left out as `paths` say, which are
  /// path_factors() by path_rates(); where they are undefined, none is, as when a network is
  /// evaluated. All are on the parameters' device. Throws Error kShape when the images do not fit.
  at::Tensor logits(const at::Tensor& images, const at::Tensor& paths) const;

  /// Of the blocks that may be left out, in their order.
  std::vector<double> path_rates() const;
  /// In state-dict order.
  const std::vector<Parameter>& parameters() const { return parameters_; }
  const model::NetworkSpec& spec() const { return topology_.spec; }
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
  bool is_fused(const model::BlockSpec& block) const;
  /// `path`: factors of the images, or undefined.
  at::Tensor run_block(const at::Tensor& x, const model::BlockSpec& block,
                       const at::Tensor& path) const;
  at::Tensor run_block_again(const at::Tensor& x, const model::BlockSpec& block,
                             const at::Tensor& path) const;
  BlockParameters parameters_of(const model::BlockSpec& block) const;

  model::Topology topology_;
  at::ScalarType compute_;
  bool recompute_;
  at::Device device_;
  const GpuKernels* kernels_;
  std::vector<Parameter> parameters_;
  std::map<std::string, size_t> places_;
};

}  // namespace bigtransfer::training

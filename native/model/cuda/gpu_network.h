// The pre-trained family on a GPU: channels-last maps, cuDNN's and cuBLAS's products, and norms of
// our own between them. Only starts work on the current stream, so that it can be captured in a
// graph.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <optional>
#include <vector>

#include "model/plan.h"
#include "model/topology.h"
#include "model/weights.h"
#include "ops/cuda/group_norm_act.h"

namespace bigtransfer::model {

/// Where a network's work is started, and what the device can do.
struct GpuStream {
  ops::cuda::Stream stream;
  ops::cuda::DeviceLimits limits;
  /// Whether convolutions in float32 may round to TF32.
  bool allow_tf32;
};

class GpuNetwork {
 public:
  /// Whether this is a network of preactivation blocks with ReLU; others take LayerPlan.
  static bool serves(const Topology& topology);

  /// Copies the weights to `device`. In bfloat16 the stem and the first stage compute in float16:
  /// what is rounded there is most of what reaches the logits, and float16 has three bits more at
  /// the same speed.
  GpuNetwork(Topology topology, const Weights& weights, at::ScalarType dtype, at::Device device);

  /// As Plan::run(), on the device: `pixel_values` is float [N, C, H, W] there, and so are the
  /// results.
  RunResult run(const at::Tensor& pixel_values, const Wanted& wanted, const GpuStream& on) const;

  /// Of the weights.
  int64_t bytes() const;

 private:
  struct Conv {
    const ConvSpec* spec;
    /// [out, in, k, k] with channels last.
    at::Tensor weight;
  };
  struct Norm {
    at::Tensor weight;
    at::Tensor bias;
  };
  struct Block {
    const BlockSpec* spec;
    std::array<Conv, 3> convs;
    std::array<Norm, 3> norms;
    std::optional<Conv> downsample;
  };
  /// Maps on their way through the blocks.
  struct Maps {
    /// The sum of all that the blocks have added so far; where `residual` is defined, without it.
    at::Tensor sum;
    /// The last block's output, still to be added.
    at::Tensor residual;
  };
  struct Normed {
    at::Tensor y;
    /// Over the pixels, [N, C]; only where it came for nothing.
    at::Tensor mean;
  };

  Conv make_conv(const ConvSpec& spec, int64_t in_pitch, at::ScalarType type,
                 const Weights& weights) const;
  Norm make_norm(const NormSpec& spec, const Weights& weights) const;

  at::Tensor convolve(const at::Tensor& x, const Conv& conv, const GpuStream& on) const;
  /// Whether the convolution is a plain product of matrices that cuBLAS takes.
  bool is_product(const Conv& conv) const;
  /// Adds the map's residual to its sum on the way.
  Normed normalise(Maps& maps, const Norm& norm, const GpuStream& on, bool only_mean) const;
  at::Tensor normalise(const at::Tensor& x, const Norm& norm, const GpuStream& on) const;
  /// Goes on in the network's own type.
  void leave_early_type(Maps& maps) const;
  at::Tensor run_stem(const at::Tensor& pixel_values, const GpuStream& on) const;
  void run_block(Maps& maps, const Block& block, const GpuStream& on) const;
  void run_head(Maps& maps, const Wanted& wanted, const GpuStream& on, RunResult& result) const;

  Topology topology_;
  at::ScalarType dtype_;
  /// Of the stem and the first stage.
  at::ScalarType early_type_;
  at::Device device_;
  std::optional<Conv> stem_;
  std::vector<std::vector<Block>> stages_;
  std::optional<Norm> norm_;
  at::Tensor head_weight_;
  at::Tensor head_bias_;
};

}  // namespace bigtransfer::model

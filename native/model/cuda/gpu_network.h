// The pre-trained family on a GPU: channels-last maps, cuDNN's and cuBLAS's products, and norms of
// our own between them. Only starts work on the current stream, so that it can be captured in a
// graph.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <optional>
#include <vector>

#include "model/cuda/block_trials.h"
#include "model/cuda/norm_products.h"
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
  /// Whether cuDNN tries its kernels out on shapes that the thread has not seen, and blocks are
  /// computed as was found best for them; otherwise all of it is chosen by shape alone.
  bool by_trial = false;
  /// Times the ways through blocks that have not been tried yet; empty where the stream is being
  /// captured.
  Stopwatch stopwatch = {};
  /// Images that go through the stem and the first two stages together, so that their maps stay in
  /// the device's cache; 0 for all.
  int64_t sub_batch = 0;
};

class GpuNetwork {
 public:
  /// Whether this is a network of preactivation blocks with ReLU; others take LayerPlan.
  static bool serves(const Topology& topology);

  /// Copies the weights to `device`. In bfloat16 the stem and the first stage compute in float16:
  /// what is rounded there is most of what reaches the logits, and float16 has three bits more at
  /// the same speed.
  GpuNetwork(Topology topology, const Weights& weights, at::ScalarType dtype, at::Device device);

  /// The stem's input for float [N, C, H, W] on the device: channels last, filled up to what
  /// tensor cores take, in the early type. Not yet written.
  at::Tensor empty_input(const at::Tensor& pixel_values) const;
  void write_input(const at::Tensor& pixel_values, at::Tensor& input, const GpuStream& on) const;

  /// As Plan::run(), with such an input; results are on the device, float [N, C, H, W].
  RunResult run(const at::Tensor& input, const Wanted& wanted, const GpuStream& on) const;

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
    /// Of `sum` (parts_of_map()), where they came for nothing.
    at::Tensor parts;
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
  /// To values of `type`; adds the map's residual to its sum on the way.
  Normed normalise(Maps& maps, const Norm& norm, at::ScalarType type, const GpuStream& on,
                   bool only_mean) const;
  at::Tensor normalise(const at::Tensor& x, const Norm& norm, const GpuStream& on) const;
  at::Tensor run_stem(const at::Tensor& input, const GpuStream& on) const;
  /// The stem and the first stages, `stages` of them, some images at a time.
  Maps run_in_parts(const at::Tensor& input, size_t stages, const GpuStream& on) const;
  void run_stage(Maps& maps, size_t stage, const GpuStream& on) const;
  void run_block(Maps& maps, const Block& block, const GpuStream& on) const;
  /// With maps that are normalised one by one.
  void run_normed(Maps& maps, const Block& block, const GpuStream& on) const;
  /// With the norms before products within them (takes_products()).
  void run_fused(Maps& maps, const Block& block, const GpuStream& on) const;
  bool takes_products(const Maps& maps, const Block& block) const;
  NormParameters parameters(const Norm& norm) const;
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
  BlockTrials trials_;
};

}  // namespace bigtransfer::model

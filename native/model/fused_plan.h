// The fast plan for the pre-trained family: preactivation blocks with ReLU on the CPU, with
// products in float32 or in a shorter type. Norm, activation, addition and statistics all happen
// inside the convolutions' own passes.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "common/aligned_buffer.h"
#include "common/arena.h"
#include "model/plan.h"
#include "ops/group_affine.h"
#include "ops/packed_conv.h"
#include "ops/packed_linear.h"

namespace bigtransfer::model {

class FusedPlan final : public Plan {
 public:
  /// Whether there are kernels for this machine that can run this network.
  static bool serves(const Topology& topology, at::ScalarType dtype);

  /// In a shorter type the stem and the first block stay in float32: what is rounded there is most
  /// of what reaches the logits, and their products are few.
  FusedPlan(Topology topology, const Weights& weights, at::ScalarType dtype);

  RunResult run(const RunInput& input, const Wanted& wanted,
                const RunControl& control) const override;
  bool takes_images_apart() const override { return true; }
  int64_t bytes() const override;

 private:
  struct Conv {
    const ConvSpec* spec;
    ops::PackedConv packed;
  };
  struct Block {
    const BlockSpec* spec;
    std::array<Conv, 3> convs;
    std::array<ops::ChannelNorm, 3> norms;
    std::optional<Conv> downsample;
  };
  /// Buffers of a group of images on their way, one image after the other in each.
  struct Workspace {
    AlignedBuffer input;
    /// The stem's output; then what the first and second convolution of a block make.
    std::array<AlignedBuffer, 2> inner;
    AlignedBuffer current;
    AlignedBuffer next;
    std::vector<float> scale;
    std::vector<float> shift;
    /// Of the current images, of inner ones, and of what nobody asks about.
    std::array<std::vector<double>, 3> sums;

    /// Floats in all the buffers.
    int64_t size() const;
  };
  /// For the stages that images go through alone, and for those that they go through together;
  /// kept from call to call.
  struct Workspaces {
    Workspace alone;
    Workspace together;
  };
  /// Images on their way.
  class ImageGroup;

  /// Floats from one pixel to the next in an image of so many channels.
  static int64_t pitch_of(int64_t channels);

  /// `stride` is the input's over the convolution's input.
  Conv make_conv(const ConvSpec& spec, int64_t stride, at::ScalarType type, const Weights& weights);
  ops::ChannelNorm make_norm(const NormSpec& spec, const Weights& weights) const;
  Block make_block(const BlockSpec& spec, int64_t stride, at::ScalarType type,
                   const Weights& weights);

  /// Where all images put what was asked for.
  struct Outputs {
    RunResult result;
    /// [N, C], where it is needed.
    at::Tensor pooled;
    /// How many of the first maps (stem, stage1, ...) are too large for images to share a block of
    /// pixels in the kernels.
    size_t large_maps;
  };
  /// How far one run has come.
  struct Progress;

  /// Adds images to the call.
  static void hold(const at::Tensor& pixel_values, Progress& call);
  /// Throws Error kShape when the images are too small.
  Outputs allocate(const RunInput& input, const Wanted& wanted) const;
  /// The images from `first`, on the threads of the caller's team.
  void run_group(int64_t first, int64_t images, Progress& call) const;
  /// The stem's or a stage's part of it, and copies of what is asked for.
  void run_stage(size_t index, int64_t first, int64_t images, ImageGroup& group,
                 Progress& call) const;
  void run_head(int64_t first, int64_t images, ImageGroup& group, Progress& call) const;

  /// With what follows from the means of all images.
  RunResult finished(Outputs outputs, const Wanted& wanted, const RunControl& control) const;

  std::unique_ptr<Workspaces> take_workspaces() const;
  void give_back(std::unique_ptr<Workspaces> workspaces) const;

  Topology topology_;
  /// All packed weights.
  Arena arena_;
  std::optional<Conv> stem_;
  std::vector<std::vector<Block>> stages_;
  std::optional<ops::ChannelNorm> norm_;
  std::optional<ops::PackedLinear> head_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Workspaces>> workspaces_;
};

}  // namespace bigtransfer::model

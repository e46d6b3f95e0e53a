// One image's way through a fused plan, step by step.
#pragma once

#include "model/fused_plan.h"
#include "model/map_size.h"

namespace bigtransfer::model {

/// One image's way through the network: where it is now, how large, and its channels' sums.
class FusedPlan::ImageRun {
 public:
  ImageRun(const FusedPlan& plan, Workspace& workspace, int64_t team, LayerClock* clock)
      : plan_(plan), w_(workspace), team_(team), clock_(clock) {}

  void stem(const float* planes, MapSize size);
  void block(const Block& block);

  const ops::ImageShape& shape() const { return shape_; }
  /// Writes [C, H, W].
  void copy_to(float* planes) const;
  /// Replaces the image with its norm and activation.
  void normalise();
  /// Writes the mean of every channel.
  void pool_to(float* means) const;

 private:
  enum Sums { kCurrent, kInner, kUnused };

  /// An image of `conv`'s output in `buffer`, from `x` with `norm` before it.
  ops::ImageShape convolve(const Conv& conv, const ops::ChannelNorm* norm, const float* x,
                           const ops::ImageShape& in, Sums in_sums, const float* residual,
                           AlignedBuffer& buffer, Sums out_sums);
  double* sums(Sums which, int64_t pitch) {
    std::vector<double>& values = w_.sums[which];
    values.resize(static_cast<size_t>(2 * pitch));
    return values.data();
  }

  const FusedPlan& plan_;
  Workspace& w_;
  int64_t team_;
  LayerClock* clock_;
  ops::ImageShape shape_{};
};

}  // namespace bigtransfer::model

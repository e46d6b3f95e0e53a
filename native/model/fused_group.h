// A few images' way through a fused plan, step by step.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "model/fused_plan.h"
#include "model/map_size.h"

namespace bigtransfer::model {

struct FusedPlan::Progress {
  const Wanted& wanted;
  const RunControl& control;
  /// Of each image.
  MapSize size;
  Outputs outputs;
  /// Every image's planes, and what holds them.
  std::vector<const float*> planes;
  std::vector<at::Tensor> held;

  /// Whether nobody wants any of these images any more.
  bool leaves_out(int64_t first, int64_t images) const {
    if (!control.left_out) return false;
    for (int64_t n = first; n < first + images; ++n) {
      if (!control.left_out(n)) return false;
    }
    return true;
  }
  /// The n-th image of a batch.
  static float* image_of(const at::Tensor& batch, int64_t n) {
    return batch.mutable_data_ptr<float>() + n * (batch.numel() / batch.size(0));
  }
};

/// Images of one size on their way through the network: where they are now, how large, and their
/// channels' sums. At most ops::kMostConvImages.
class FusedPlan::ImageGroup {
 public:
  ImageGroup(const FusedPlan& plan, Workspace& workspace, const Progress& call, int64_t images)
      : plan_(plan), w_(workspace), call_(call), images_(images) {}

  /// For a group of one.
  void stem(const float* planes, MapSize size);
  /// Puts a group of one in the n-th place; all have been through the same.
  void take(int64_t n, const ImageGroup& one);
  void block(const Block& block);

  /// Writes the n-th image as [C, H, W].
  void copy_to(int64_t n, float* planes) const;
  /// Replaces the images with their norm and activation.
  void normalise();
  /// Writes the mean of every channel of the n-th image.
  void pool_to(int64_t n, float* means) const;

 private:
  enum Sums { kCurrent, kInner, kUnused };

  /// Images of `conv`'s output in `buffer`, added to what that holds if `adds`, from `x` with
  /// `norm` before it.
  ops::ImageShape convolve(const Conv& conv, const ops::ChannelNorm* norm, const float* x,
                           const ops::ImageShape& in, Sums in_sums, AlignedBuffer& buffer,
                           Sums out_sums, bool adds = false);
  /// Scale and shift of each image, in the workspace.
  void find_affine(const ops::ChannelNorm& norm, const float* x, const ops::ImageShape& shape,
                   Sums sums);
  double* sums(Sums which, int64_t pitch) {
    std::vector<double>& values = w_.sums[which];
    values.resize(static_cast<size_t>(images_ * 2 * pitch));
    return values.data();
  }
  int64_t image_floats() const { return shape_.pixels() * shape_.pitch; }
  float* image(int64_t n) const { return w_.current.data() + n * image_floats(); }

  const FusedPlan& plan_;
  Workspace& w_;
  const Progress& call_;
  int64_t images_;
  ops::ImageShape shape_{};
};

}  // namespace bigtransfer::model

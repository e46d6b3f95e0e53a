// A weight-standardised convolution of normalised, activated maps, and what leads back through it.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "model/topology.h"
#include "ops/packed_conv.h"
#include "ops/standardize_weight.h"
#include "ops/weight_gradient.h"

namespace bigtransfer::training {

/// Maps are [N, C, H, W] in float32, channels last, channels filling panels.
at::Tensor empty_maps(int64_t images, int64_t channels, int64_t height, int64_t width);
ops::ImageShape shape_of(const at::Tensor& maps);

/// Group norm of some images as scales and shifts, [N][C]; see NormGradientTask.
struct NormOfImages {
  std::vector<float> scale;
  std::vector<float> shift;
  std::vector<float> unit_scale;
  std::vector<float> unit_shift;
};

/// Some images that follow one another among all of a convolution's.
struct ImageRange {
  int64_t first;
  int64_t count;

  at::Tensor of(const at::Tensor& maps) const { return maps.narrow(0, first, count); }
};

/// Weights packed for one algorithm.
struct PackedWeight {
  ops::ConvAlgorithm algorithm;
  at::Tensor memory;
  ops::PackedConv conv;
};

/// One convolution as long as its weights stay as they are.
class FusedConv {
 public:
  /// `weight` is contiguous in float32; products are of `type`.
  FusedConv(const model::ConvSpec& spec, at::Tensor weight, at::ScalarType type);

  int64_t out_channels() const { return spec_.out_channels; }

  /// Of relu(norm(x)), into new maps, with `addend` added where that is defined. Sets `sums`,
  /// [N][2][out], to sums and sums of squares of what comes out. An addend is for kernels of 1x1
  /// alone. Throws Error kShape for maps that are too small.
  at::Tensor run(const at::Tensor& x, const NormOfImages& norm, const at::Tensor& addend,
                 double* sums) const;

  /// The way back through it, group of images by group of images: what follows on one finds it in
  /// the caches.
  class Back {
   public:
    /// `x` is all of the input.
    Back(const FusedConv& conv, const at::Tensor& x);

    /// Adds to the weight's gradient, where the output's is `gradient`; x and gradient are of the
    /// range's images alone, norm is of all.
    void add_weight_gradient(ImageRange range, const at::Tensor& x, const NormOfImages& norm,
                             const at::Tensor& gradient);
    /// Sets `out` to the gradient of what is convolved, or adds that to it.
    void input_gradient(const at::Tensor& gradient, at::Tensor& out, bool adds) const;
    /// Of all that was added.
    at::Tensor weight_gradient();

   private:
    /// input_gradient() by ATen.
    void strided_gradient(const at::Tensor& gradient, at::Tensor& out, bool adds) const;

    const FusedConv& conv_;
    ops::ConvGeometry geometry_;
    /// Of the convolution at stride 1 that leads back.
    ops::ConvGeometry back_;
    ops::WeightGradientSums sums_;
    /// Null where ATen leads back, with these weights.
    std::optional<PackedWeight> transposed_;
    at::Tensor standardised_;
  };

 private:
  /// Where x is the input.
  ops::ConvGeometry geometry(const at::Tensor& x) const;
  ops::RawWeight raw(bool transposed) const;
  /// For so many images in all.
  PackedWeight pack(const ops::ConvGeometry& geometry, int64_t images, bool transposed) const;

  const model::ConvSpec& spec_;
  at::Tensor weight_;
  at::ScalarType type_;
  std::vector<ops::ChannelScaling> scalings_;
};

}  // namespace bigtransfer::training

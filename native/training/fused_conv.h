// A weight-standardised convolution of normalised, activated maps, and what leads back through it.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "model/topology.h"
#include "ops/packed_conv.h"
#include "ops/standardize_weight.h"

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

/// One convolution as long as its weights stay as they are.
class FusedConv {
 public:
  /// `weight` is contiguous in float32; products are of `type`.
  FusedConv(const model::ConvSpec& spec, at::Tensor weight, at::ScalarType type);

  int64_t out_channels() const { return spec_.out_channels; }

  /// Of relu(norm(x)), into new maps, with `addend` added where that is defined. Sets `sums`,
  /// [N][2][out], to sums and sums of squares of what comes out. Throws Error kShape for maps that
  /// are too small.
  at::Tensor run(const at::Tensor& x, const NormOfImages& norm, const at::Tensor& addend,
                 double* sums) const;

  /// Of the weight, where the output's is `gradient`.
  at::Tensor weight_gradient(const at::Tensor& x, const NormOfImages& norm,
                             const at::Tensor& gradient) const;
  /// Of what is convolved, shaped as `x`; added to `out` where that is defined.
  at::Tensor input_gradient(const at::Tensor& x, const at::Tensor& gradient, at::Tensor out) const;

 private:
  ops::ConvGeometry geometry(const at::Tensor& x) const;
  ops::RawWeight raw(bool transposed) const;
  /// Without a norm where `norm` is null, and with nothing added where `addend` is undefined.
  void convolve(const at::Tensor& x, const NormOfImages* norm, const ops::ConvGeometry& geometry,
                bool transposed, const at::Tensor& addend, at::Tensor& out, double* sums) const;
  /// By ATen.
  at::Tensor strided_gradient(const at::Tensor& x, const at::Tensor& gradient) const;

  const model::ConvSpec& spec_;
  at::Tensor weight_;
  at::ScalarType type_;
  std::vector<ops::ChannelScaling> scalings_;
};

}  // namespace bigtransfer::training

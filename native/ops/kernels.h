// Kernels of this package's own. For channels-last images of floats: convolutions with the norm and
// ReLU before them, the addition after them and the statistics of their output all in one pass, the
// gradients of these, and the stem's pool. For pictures in bytes: resizing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bigtransfer::ops {

/// Where an image lies: rows of pixels, each pixel `pitch` floats of which the first `channels`
/// count and the rest are zero.
struct ImageShape {
  int64_t height;
  int64_t width;
  int64_t channels;
  int64_t pitch;

  int64_t pixels() const { return height * width; }
};

/// A square convolution; zeros beyond the input on every side.
struct ConvGeometry {
  ImageShape in;
  ImageShape out;
  int64_t kernel;
  int64_t stride;
  int64_t dilation;
  int64_t pad_top;
  int64_t pad_left;
};

/// One image's place in a convolution.
struct ConvImage {
  const float* x;
  /// Every input value v of channel c counts as max(scale[c] * v + shift[c], 0): group norm and
  /// ReLU, [in.pitch]. Null for values as they are.
  const float* scale;
  const float* shift;
  /// What the product is added to, laid out as `out` and perhaps the same; null for nothing. Null
  /// for winograd.
  const float* addend;
  float* out;
  /// Sums and sums of squares of the output by channel, [cuts of the task][2][out.pitch], added to.
  double* sums;
};

/// Images of a task at most.
constexpr int64_t kMostConvImages = 8;

/// One part of a convolution of a few images of one size, for one thread.
struct ConvTask {
  const ConvGeometry* geometry;
  const ConvImage* images;
  /// From pack_direct() or pack_winograd() of pack_weights.h: words of 32 bits; see
  /// WordPacking.
  const float* weights;
  /// Parts that each image's units (pixels for pointwise, rows of pixels for spatial, tiles in
  /// reading order for winograd) are cut into, with sums of their own: they decide where sums are
  /// rounded, whoever makes them.
  int64_t cuts;
  /// What this task makes: parts, counted through all images, and panels of output channels.
  int64_t part_begin, part_end;
  int64_t panel_begin, panel_end;
};

/// Part of the gradient of a convolution's weights, for one thread: for every tap, products of the
/// gradient of the output and of the input under that tap, summed over some images.
struct WeightGradientTask {
  /// All pitches are multiples of the panel.
  const ConvGeometry* geometry;
  /// As ConvImage's, of all images one after the other; scale and shift may be null.
  const float* x;
  const float* scale;
  const float* shift;
  /// Of the output, [images][pixels][out.pitch].
  const float* gradient;
  /// What is summed, counted through all images: see GradientUnits.
  int64_t unit_begin, unit_end;
  /// Output channels that this task makes, whole panels.
  int64_t channel_begin, channel_end;
  /// Whether the sums are added to what is there.
  bool adds;
  /// [taps][out.pitch][in.pitch], set or added to where this task makes them.
  float* sums;
};

/// What the sums of a weight's gradient are cut into: rows of the output's pixels, or tiles of
/// them.
struct GradientUnits {
  int64_t of_image;
  /// For which a task pays.
  int64_t least;
};

/// Part of the gradient through group norm and ReLU of one image, for one thread.
struct NormGradientTask {
  ImageShape shape;
  const float* x;
  /// Of what comes out of the ReLU. apply() may write where this is.
  const float* gradient;
  /// The norm as one scale and one shift for each channel; and the same without its parameters,
  /// so that unit_scale * x + unit_shift has mean 0 and variance 1.
  const float* scale;
  const float* shift;
  const float* unit_scale;
  const float* unit_shift;
  int64_t pixel_begin, pixel_end;
};

/// Both count the gradient as zero where the ReLU's input is not above zero.
struct NormGradientKernels {
  /// Adds to [2][pitch]: sums of the gradient, and of the gradient times the normalised input.
  void (*sum)(const NormGradientTask& task, double* sums);
  /// out = scale * gradient + slope * x + offset, [pitch] each, plus `more` where that is not null.
  void (*apply)(const NormGradientTask& task, const float* slope, const float* offset,
                const float* more, float* out);
};

/// The maximum over windows of 3x3 at stride 2, with zeros beyond the input, for one thread.
struct PoolTask {
  ImageShape in;
  ImageShape out;
  int64_t pad_top;
  int64_t pad_left;
  const float* x;
  float* out_pixels;
  /// As ConvImage's.
  double* sums;
  int64_t row_begin, row_end;
};

/// Types of numbers that there are convolutions for.
enum class ConvType : size_t { kFloat32, kBFloat16 };
inline constexpr size_t kConvTypes = 2;

/// How weights stand in words of 32 bits: the values of that many neighbouring input channels in
/// each, the first in its lowest bits.
struct WordPacking {
  int64_t channels;
  /// Rounds `count` values of one input channel, whole panels of them, into their places in as many
  /// words. The first channel of a word comes first, and overwrites what was there.
  void (*put)(const float* values, int64_t count, int64_t channel, float* words);
};

/// Convolutions that multiply one type of numbers.
struct ConvKernels {
  using Function = void (*)(const ConvTask&);

  WordPacking packing;
  /// Kernel 1x1, any stride.
  Function pointwise;
  /// Any kernel, stride and dilation.
  Function spatial;
  /// Kernel 3x3, stride 1, dilation 1, by Winograd's F(2x2, 3x3) and F(4x4, 3x3); the latter is
  /// null for types whose digits its transforms would lose.
  Function winograd2;
  Function winograd4;
  void (*weight_gradient)(const WeightGradientTask&);
  GradientUnits (*gradient_units)(const ConvGeometry&);
};

/// The taps of each direction of a resize are a multiple of these; those that are left over weigh
/// nothing.
constexpr int64_t kAcrossTaps = 4;
constexpr int64_t kDownTaps = 2;
/// The outputs of a resize across are a multiple of this.
constexpr int64_t kAcrossOutputs = 4;

/// A row of RGB bytes resized across: of outputs `i` the sum over taps of weights and of the pixels
/// from first[i], rounded and shifted, kept in 0 to 255.
struct AcrossTask {
  const uint8_t* line;
  const int32_t* first;
  /// Of each output, of each four taps: weights 0 and 1 four times over, then 2 and 3.
  const int16_t* weights;
  int64_t taps;
  int shift;
  int64_t outputs;
  uint8_t* out;
};

/// One output row of a resize down: bytes of rows that lie below one another.
struct DownTask {
  const uint8_t* const* rows;
  const int16_t* weights;
  int64_t taps;
  int shift;
  int64_t bytes;
  uint8_t* out;
};

/// Both read up to 16 bytes more than there are; across may write as many.
struct ResizeKernels {
  void (*across)(const AcrossTask&);
  void (*down)(const DownTask&);
};

/// What brings weights into the forms that convolutions read.
struct PackingKernels {
  /// Multiplies and adds in double: see ChannelScaling.
  void (*standardize)(const float* values, int64_t count, float scale, float shift, float* to);
  /// The gradient of a channel's values, where that of what standardises them is `gradient`.
  void (*standardize_gradient)(const float* values, int64_t count, float scale, float shift,
                               const float* gradient, float* to);
  /// G k G^T of `lanes` kernels k, [3 * 3][lanes], for G of [side][3]: [side * side][lanes].
  void (*transform)(const double* generator, int64_t side, int64_t lanes, const float* kernels,
                    float* to);
};

/// One instruction set's kernels.
struct Kernels {
  /// Output channels are computed in panels of so many; pitches are multiples of it.
  int64_t panel;
  /// By ConvType.
  std::array<ConvKernels, kConvTypes> convolutions;
  /// What the processor multiplies fastest.
  ConvType fastest;
  void (*max_pool)(const PoolTask&);
  NormGradientKernels norm_gradient;
  PackingKernels packing;
  ResizeKernels resize;

  const ConvKernels& of(ConvType type) const { return convolutions[static_cast<size_t>(type)]; }
  ConvKernels& of(ConvType type) { return convolutions[static_cast<size_t>(type)]; }
};

/// The kernels that this machine can run, fastest first; none on processors without AVX2.
const std::vector<Kernels>& runnable_kernels();

/// The fastest kernels of this machine; null when there are none.
inline const Kernels* kernels() {
  return runnable_kernels().empty() ? nullptr : &runnable_kernels().front();
}

}  // namespace bigtransfer::ops

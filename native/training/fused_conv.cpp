// Weights are packed for each run: they change with every step.
#include "training/fused_conv.h"

#include <algorithm>
#include <utility>

#include "common/recycled_memory.h"
#include "common/share_out.h"
#include "model/map_size.h"

namespace bigtransfer::training {
namespace {

using ops::ConvAlgorithm;
using ops::ConvGeometry;
using ops::ImageShape;

/// Pixels of all maps for which it pays to transform the weights for Winograd's larger tiles.
constexpr int64_t kPixelsForTilesOf4 = 1024;

ConvAlgorithm choose_algorithm(const ConvGeometry& g, int64_t images) {
  if (g.kernel == 1 && g.pad_top == 0 && g.pad_left == 0) return ConvAlgorithm::kPointwise;
  const bool fits_winograd = g.kernel == 3 && g.stride == 1 && g.dilation == 1;
  if (fits_winograd && images * g.out.pixels() >= kPixelsForTilesOf4)
    return ConvAlgorithm::kWinograd4;
  return ConvAlgorithm::kSpatial;
}

/// Adds each pixel of `small` to every stride-th one of `maps`.
void add_strided(const at::Tensor& small, int64_t stride, at::Tensor& maps) {
  const ImageShape from = shape_of(small);
  const ImageShape to = shape_of(maps);
  const float* values = small.const_data_ptr<float>();
  float* sums = maps.mutable_data_ptr<float>();
  share_out(small.size(0) * from.height, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t image = row / from.height;
      const int64_t y = row % from.height * stride;
      for (int64_t x = 0; x < from.width; ++x) {
        const float* pixel = values + (row * from.width + x) * from.pitch;
        float* sum = sums + ((image * to.height + y) * to.width + x * stride) * to.pitch;
        for (int64_t c = 0; c < from.pitch; ++c) sum[c] += pixel[c];
      }
    }
  });
}

/// The convolution at stride 1 that leads gradients of the output of `g` back.
ConvGeometry back(const ConvGeometry& g) {
  const int64_t reach = g.dilation * (g.kernel - 1);
  return {.in = g.out,
          .out = g.in,
          .kernel = g.kernel,
          .stride = 1,
          .dilation = g.dilation,
          .pad_top = reach - g.pad_top,
          .pad_left = reach - g.pad_left};
}

/// Without a norm where `norm` is null, and with nothing added where `addend` is undefined.
void convolve(const ops::PackedConv& conv, const ConvGeometry& g, const at::Tensor& x,
              const NormOfImages* norm, const at::Tensor& addend, at::Tensor& out, double* sums) {
  const int64_t images = x.size(0);
  const int64_t in = g.in.pixels() * g.in.pitch;
  const int64_t size = g.out.pixels() * g.out.pitch;
  for (int64_t first = 0; first < images; first += ops::kMostConvImages) {
    conv.run(g,
             {.images = std::min(ops::kMostConvImages, images - first),
              .x = x.const_data_ptr<float>() + first * in,
              .scale = norm ? norm->scale.data() + first * g.in.pitch : nullptr,
              .shift = norm ? norm->shift.data() + first * g.in.pitch : nullptr,
              .addend = addend.defined() ? addend.const_data_ptr<float>() + first * size : nullptr,
              .out = out.mutable_data_ptr<float>() + first * size,
              .sums = sums + first * 2 * g.out.pitch});
  }
}

}  // namespace

at::Tensor empty_maps(int64_t images, int64_t channels, int64_t height, int64_t width) {
  return empty_recycled({images, height, width, channels}, at::kFloat).permute({0, 3, 1, 2});
}

ImageShape shape_of(const at::Tensor& maps) {
  return {maps.size(2), maps.size(3), maps.size(1), maps.size(1)};
}

FusedConv::FusedConv(const model::ConvSpec& spec, at::Tensor weight, at::ScalarType type)
    : spec_(spec),
      weight_(std::move(weight)),
      type_(type),
      scalings_(ops::channel_scalings(weight_)) {}

ConvGeometry FusedConv::geometry(const at::Tensor& x) const {
  const model::Windows windows = model::windows_of(spec_, {x.size(2), x.size(3)});
  return {.in = shape_of(x),
          .out = {windows.out.height, windows.out.width, spec_.out_channels, spec_.out_channels},
          .kernel = spec_.kernel,
          .stride = spec_.stride,
          .dilation = spec_.dilation,
          .pad_top = windows.pad_top,
          .pad_left = windows.pad_left};
}

ops::RawWeight FusedConv::raw(bool transposed) const {
  return {weight_.const_data_ptr<float>(),
          weight_.size(0),
          weight_.size(1),
          weight_.size(2),
          scalings_.data(),
          transposed};
}

PackedWeight FusedConv::pack(const ConvGeometry& g, int64_t images, bool transposed) const {
  const ConvAlgorithm algorithm = choose_algorithm(g, images);
  // So few products in float32 take no longer than all of them in another type.
  const at::ScalarType type = algorithm == ConvAlgorithm::kWinograd4 ? at::kFloat : type_;
  const ops::RawWeight weight = raw(transposed);
  const ops::Kernels& kernels = *ops::kernels();
  const int64_t size = ops::PackedConv::packed_size(weight, algorithm, type, kernels);
  const at::Tensor memory = empty_recycled({size}, at::kFloat);
  return {algorithm, memory, {weight, algorithm, type, kernels, memory.mutable_data_ptr<float>()}};
}

at::Tensor FusedConv::run(const at::Tensor& x, const NormOfImages& norm, const at::Tensor& addend,
                          double* sums) const {
  const ConvGeometry g = geometry(x);
  at::Tensor out = empty_maps(x.size(0), g.out.channels, g.out.height, g.out.width);
  const PackedWeight packed = pack(g, x.size(0), /*transposed=*/false);
  convolve(packed.conv, g, x, &norm, addend, out, sums);
  return out;
}

void FusedConv::Back::strided_gradient(const at::Tensor& gradient, at::Tensor& out,
                                       bool adds) const {
  const ConvGeometry& g = geometry_;
  const at::ScalarType type = standardised_.scalar_type();
  // Of the input with its padding as far as windows reach: that may differ from side to side.
  const auto reach = [&](int64_t size) {
    return (size - 1) * g.stride + g.dilation * (g.kernel - 1) + 1;
  };
  const int64_t height = reach(g.out.height);
  const int64_t width = reach(g.out.width);
  const at::Tensor padded = at::empty({gradient.size(0), g.in.channels, height, width},
                                      at::TensorOptions(type), at::MemoryFormat::ChannelsLast);
  const at::Tensor made = std::get<0>(
      at::convolution_backward(gradient.to(type), padded, standardised_, c10::nullopt,
                               {g.stride, g.stride}, {0, 0}, {g.dilation, g.dilation},
                               /*transposed=*/false, {0, 0}, /*groups=*/1, {true, false, false}));
  const int64_t rows = std::min(height - g.pad_top, g.in.height);
  const int64_t columns = std::min(width - g.pad_left, g.in.width);
  if (!adds && (rows < g.in.height || columns < g.in.width)) out.zero_();
  const at::Tensor seen = out.narrow(2, 0, rows).narrow(3, 0, columns);
  const at::Tensor inside = made.narrow(2, g.pad_top, rows).narrow(3, g.pad_left, columns);
  adds ? seen.add_(inside) : seen.copy_(inside);
}

FusedConv::Back::Back(const FusedConv& conv, const at::Tensor& x)
    : conv_(conv),
      geometry_(conv.geometry(x)),
      back_(back(geometry_)),
      sums_(*ops::kernels(), conv.type_, geometry_) {
  const bool is_pointwise =
      geometry_.kernel == 1 && geometry_.pad_top == 0 && conv.spec_.padding == 0;
  if (geometry_.stride > 1 && !is_pointwise) {
    standardised_ = ops::standardize_weight(conv.weight_)
                        .to(at::TensorOptions(conv.type_), /*non_blocking=*/false, /*copy=*/false,
                            at::MemoryFormat::ChannelsLast);
    return;
  }
  // With a stride, the pixels that the output has seen.
  if (geometry_.stride > 1)
    back_.out = {geometry_.out.height, geometry_.out.width, geometry_.in.channels,
                 geometry_.in.pitch};
  transposed_.emplace(conv.pack(back_, x.size(0), /*transposed=*/true));
}

void FusedConv::Back::add_weight_gradient(ImageRange range, const at::Tensor& x,
                                          const NormOfImages& norm, const at::Tensor& gradient) {
  const int64_t first = range.first * geometry_.in.pitch;
  sums_.add({.images = range.count,
             .x = x.const_data_ptr<float>(),
             .scale = norm.scale.data() + first,
             .shift = norm.shift.data() + first,
             .gradient = gradient.const_data_ptr<float>()});
}

at::Tensor FusedConv::Back::weight_gradient() {
  return ops::standardize_weight_gradient(*ops::kernels(), conv_.weight_, conv_.scalings_,
                                          sums_.total());
}

void FusedConv::Back::input_gradient(const at::Tensor& gradient, at::Tensor& out, bool adds) const {
  if (!transposed_) return strided_gradient(gradient, out, adds);
  const int64_t images = gradient.size(0);
  std::vector<double> unused(static_cast<size_t>(images * 2 * back_.out.pitch));
  if (geometry_.stride == 1 && (!adds || transposed_->algorithm != ConvAlgorithm::kWinograd4))
    return convolve(transposed_->conv, back_, gradient, nullptr, adds ? out : at::Tensor(), out,
                    unused.data());
  at::Tensor made = empty_maps(images, back_.out.channels, back_.out.height, back_.out.width);
  convolve(transposed_->conv, back_, gradient, nullptr, /*addend=*/{}, made, unused.data());
  if (!adds) out.zero_();
  add_strided(made, geometry_.stride, out);
}

}  // namespace bigtransfer::training

// The fused convolutions and the pool against ATen in double precision, on every instruction set
// that this machine can run, and the code for wider vectors in narrower ones.
#include <ATen/Parallel.h>

#include <cmath>
#include <vector>

#include "check.h"
#include "ops/cpu/kernels.h"
#include "ops/max_pool.h"
#include "ops/packed_conv.h"
#include "ops/standardize_weight.h"

BIGTRANSFER_DECLARE_KERNELS(avx512_on_avx2)

using namespace bigtransfer;
using namespace bigtransfer::ops;

namespace {

/// Of the largest magnitude; F(4x4, 3x3) loses about a digit.
constexpr double kTolerance = 2e-6;
constexpr double kWinograd4Tolerance = 2e-5;
/// Here and there a value between two of bfloat16 is rounded the other way.
constexpr double kBFloat16Tolerance = 1e-3;
constexpr double kBFloat16Typical = 1e-4;
/// Winograd's transforms round to bfloat16 where the plain products do not.
constexpr double kBFloat16WinogradTolerance = 2e-2;

bool is_winograd(ConvAlgorithm algorithm) {
  return algorithm == ConvAlgorithm::kWinograd2 || algorithm == ConvAlgorithm::kWinograd4;
}

double tolerance_of(ConvAlgorithm algorithm, PackedType type) {
  if (type == PackedType::kBFloat16)
    return is_winograd(algorithm) ? kBFloat16WinogradTolerance : kBFloat16Tolerance;
  return algorithm == ConvAlgorithm::kWinograd4 ? kWinograd4Tolerance : kTolerance;
}

/// What a product in `type` sees of the values.
at::Tensor rounded(const at::Tensor& values, PackedType type) {
  if (type == PackedType::kFloat32) return values;
  // Through float, as the kernels compute them.
  return values.to(at::kFloat).to(at::kBFloat16).to(at::kDouble);
}

std::vector<Kernels> tested_kernels() {
  std::vector<Kernels> all = runnable_kernels();
  if (!all.empty()) all.push_back(BIGTRANSFER_KERNELS(avx512_on_avx2, 16));
  return all;
}

struct Layer {
  ConvAlgorithm algorithm;
  int64_t in;
  int64_t out;
  int64_t kernel;
  int64_t height;
  int64_t width;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad = 0;
  bool norm = true;
  bool residual = false;
};

int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

double largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

double root_mean_square(const at::Tensor& x) { return x.pow(2).mean().sqrt().item<double>(); }

/// [C, H, W] as pixels of `pitch` floats, with zeros after the channels.
at::Tensor to_pixels(const at::Tensor& image, int64_t pitch) {
  const at::Tensor pixels = image.permute({1, 2, 0});
  return at::constant_pad_nd(pixels, {0, pitch - image.size(0)}).to(at::kFloat).contiguous();
}

/// Whether the sums, [2][pitch], are those of `image`, [C, H, W] in double.
bool are_sums_of(const at::Tensor& sums, const at::Tensor& image, double tolerance) {
  const at::Tensor flat = image.flatten(1);
  const at::Tensor expected = at::stack({flat.sum(1), flat.pow(2).sum(1)});
  const at::Tensor scale = at::stack({flat.abs().sum(1), expected[1]}).amax(1, true) + 1e-6;
  return largest((sums.narrow(1, 0, image.size(0)) - expected) / scale) < 10 * tolerance;
}

void check(const Layer& layer, PackedType type, const Kernels& kernels) {
  const auto wide = at::TensorOptions(at::kDouble);
  const at::Tensor x = at::randn({layer.in, layer.height, layer.width}, wide).to(at::kFloat);
  const at::Tensor weight =
      at::randn({layer.out, layer.in, layer.kernel, layer.kernel}, at::kFloat);
  const at::Tensor scale = at::randn({layer.in}, at::kFloat);
  const at::Tensor shift = at::randn({layer.in}, at::kFloat);

  at::Tensor input = x.to(at::kDouble);
  if (layer.norm) input = (input * scale.view({-1, 1, 1}) + shift.view({-1, 1, 1})).clamp_min(0);
  at::Tensor expected = at::conv2d(at::constant_pad_nd(rounded(input, type),
                                                       {layer.pad, layer.pad, layer.pad, layer.pad})
                                       .unsqueeze(0),
                                   rounded(standardize_weight(weight), type).to(at::kDouble), {},
                                   layer.stride, at::IntArrayRef({0, 0}), layer.dilation)
                            .squeeze(0);
  const at::Tensor residual = at::randn(expected.sizes(), wide).to(at::kFloat);
  if (layer.residual) expected += residual;

  const int64_t in_pitch = layer.norm                      ? round_up(layer.in, kernels.panel)
                           : type == PackedType::kBFloat16 ? round_up(layer.in, 2)
                                                           : layer.in;
  const int64_t out_pitch = round_up(layer.out, kernels.panel);
  const ConvGeometry geometry{.in = {layer.height, layer.width, layer.in, in_pitch},
                              .out = {expected.size(1), expected.size(2), layer.out, out_pitch},
                              .kernel = layer.kernel,
                              .stride = layer.stride,
                              .dilation = layer.dilation,
                              .pad_top = layer.pad,
                              .pad_left = layer.pad};
  const at::Tensor pixels = to_pixels(x, in_pitch);
  const at::Tensor added = to_pixels(residual, out_pitch);
  const at::Tensor scales = at::constant_pad_nd(scale, {0, in_pitch - layer.in});
  const at::Tensor shifts = at::constant_pad_nd(shift, {0, in_pitch - layer.in});
  const PackedConv conv(weight, layer.algorithm, type, kernels);
  const double tolerance = tolerance_of(layer.algorithm, type);
  for (const int threads : {1, 2, 5}) {
    at::set_num_threads(threads);
    at::Tensor out = at::full({geometry.out.pixels(), out_pitch}, 7.0F);
    at::Tensor sums = at::full({2, out_pitch}, 7.0, wide);
    conv.run(geometry,
             {.x = pixels.const_data_ptr<float>(),
              .scale = layer.norm ? scales.const_data_ptr<float>() : nullptr,
              .shift = layer.norm ? shifts.const_data_ptr<float>() : nullptr,
              .residual = layer.residual ? added.const_data_ptr<float>() : nullptr,
              .out = out.mutable_data_ptr<float>(),
              .sums = sums.mutable_data_ptr<double>()},
             threads);
    const at::Tensor actual =
        out.narrow(1, 0, layer.out).t().reshape(expected.sizes()).to(at::kDouble);
    EXPECT(largest(actual - expected) <= tolerance * largest(expected));
    EXPECT(is_winograd(layer.algorithm) ||
           root_mean_square(actual - expected) <= kBFloat16Typical * largest(expected));
    // What lies beyond the channels must stay zero: the next layer reads it.
    EXPECT(out_pitch == layer.out || largest(out.narrow(1, layer.out, out_pitch - layer.out)) == 0);
    EXPECT(are_sums_of(sums, expected, tolerance));
  }
  at::set_num_threads(1);
}

void check_all(const std::vector<Layer>& layers) {
  at::manual_seed(3);
  for (const Kernels& kernels : tested_kernels()) {
    for (const Layer& layer : layers) {
      check(layer, PackedType::kFloat32, kernels);
      if (layer.algorithm != ConvAlgorithm::kWinograd4)
        check(layer, PackedType::kBFloat16, kernels);
    }
  }
}

}  // namespace

TEST("fused 1x1 convolutions: channels beside whole panels, strides, residuals") {
  const auto algorithm = ConvAlgorithm::kPointwise;
  check_all({{algorithm, 64, 64, 1, 7, 9},
             {algorithm, 1, 1, 1, 1, 1},
             {algorithm, 3, 5, 1, 6, 5, 1, 1, 0, true, true},
             {algorithm, 40, 72, 1, 13, 11, 2},
             {algorithm, 33, 130, 1, 8, 8, 3, 1, 0, true, true},
             {algorithm, 300, 48, 1, 15, 14, 1, 1, 0, true, true},
             {algorithm, 1030, 96, 1, 5, 3},
             {algorithm, 16, 20, 1, 41, 29, 1, 1, 0, true, true}});
}

TEST("fused convolutions of any kernel: padding, strides, dilation, with and without norm") {
  const auto algorithm = ConvAlgorithm::kSpatial;
  check_all({{algorithm, 3, 64, 7, 33, 40, 2, 1, 3, false},
             {algorithm, 1, 8, 7, 9, 7, 2, 1, 3, false},
             {algorithm, 5, 24, 3, 8, 9, 1, 1, 1, false},
             {algorithm, 64, 64, 3, 9, 9, 1, 1, 1},
             {algorithm, 24, 40, 3, 12, 7, 2, 1, 1},
             {algorithm, 40, 24, 3, 12, 15, 1, 2, 2},
             {algorithm, 16, 16, 3, 1, 1, 1, 1, 1},
             {algorithm, 10, 70, 3, 5, 17, 2, 2, 2},
             {algorithm, 130, 33, 5, 6, 6, 1, 1, 2, true, true},
             {algorithm, 32, 32, 1, 7, 7, 2, 1, 1},
             {algorithm, 48, 32, 2, 50, 3, 1, 1, 0, true, true}});
}

TEST("fused Winograd convolutions: maps that are no multiple of a tile") {
  for (const auto algorithm : {ConvAlgorithm::kWinograd2, ConvAlgorithm::kWinograd4}) {
    check_all({{algorithm, 64, 64, 3, 14, 14, 1, 1, 1},
               {algorithm, 8, 8, 3, 1, 1, 1, 1, 1},
               {algorithm, 24, 40, 3, 5, 23, 1, 1, 1},
               {algorithm, 70, 33, 3, 9, 2, 1, 1, 1},
               {algorithm, 5, 3, 3, 8, 8, 1, 1, 0},
               {algorithm, 130, 20, 3, 31, 30, 1, 1, 1}});
  }
}

TEST("fused max pool: zeros beyond the image, NaN kept, sums by channel") {
  at::manual_seed(5);
  for (const Kernels& kernels : tested_kernels()) {
    for (const auto& [height, width] : {std::pair<int64_t, int64_t>{1, 1}, {7, 6}, {112, 90}}) {
      const int64_t channels = 70;
      const at::Tensor x = at::randn({channels, height, width}, at::kFloat);
      const at::Tensor padded = at::constant_pad_nd(x, {1, 1, 1, 1});
      const at::Tensor expected = at::max_pool2d(padded.unsqueeze(0), 3, 2).squeeze(0);
      const int64_t pitch = round_up(channels, kernels.panel);
      const at::Tensor pixels = to_pixels(x, pitch);
      for (const int threads : {1, 3}) {
        at::set_num_threads(threads);
        at::Tensor out = at::empty({expected.size(1), expected.size(2), pitch}, at::kFloat);
        at::Tensor sums = at::empty({2, pitch}, at::kDouble);
        max_pool(kernels,
                 {.in = {height, width, channels, pitch},
                  .out = {expected.size(1), expected.size(2), channels, pitch},
                  .pad_top = 1,
                  .pad_left = 1,
                  .x = pixels.const_data_ptr<float>(),
                  .out_pixels = out.mutable_data_ptr<float>(),
                  .sums = sums.mutable_data_ptr<double>(),
                  .row_begin = 0,
                  .row_end = 0},
                 threads);
        EXPECT(at::equal(out, to_pixels(expected, pitch)));
        EXPECT(are_sums_of(sums, expected.to(at::kDouble), kTolerance));
      }
      at::set_num_threads(1);
    }
  }
}

TEST("fused convolutions: NaN in one pixel reaches the pixels that see it alone") {
  for (const Kernels& kernels : tested_kernels()) {
    const int64_t channels = kernels.panel;
    at::Tensor x = at::ones({4, 4, channels}, at::kFloat);
    x[0][0][0] = std::nan("");
    const at::Tensor ones = at::ones({channels}, at::kFloat);
    const at::Tensor zeros = at::zeros({channels}, at::kFloat);
    at::manual_seed(1);
    const PackedConv conv(at::randn({channels, channels, 3, 3}), ConvAlgorithm::kSpatial,
                          PackedType::kFloat32, kernels);
    at::Tensor out = at::empty({4, 4, channels}, at::kFloat);
    at::Tensor sums = at::empty({2, channels}, at::kDouble);
    const ImageShape shape{4, 4, channels, channels};
    conv.run({.in = shape,
              .out = shape,
              .kernel = 3,
              .stride = 1,
              .dilation = 1,
              .pad_top = 1,
              .pad_left = 1},
             {.x = x.const_data_ptr<float>(),
              .scale = ones.const_data_ptr<float>(),
              .shift = zeros.const_data_ptr<float>(),
              .residual = nullptr,
              .out = out.mutable_data_ptr<float>(),
              .sums = sums.mutable_data_ptr<double>()},
             1);
    const at::Tensor nan = out.isnan().any(2);
    EXPECT(nan.narrow(0, 0, 2).narrow(1, 0, 2).all().item<bool>());
    EXPECT(nan.sum().item<int64_t>() == 4);
  }
}

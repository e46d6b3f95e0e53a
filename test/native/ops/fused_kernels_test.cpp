// The fused convolutions and the pool against ATen in double precision, on every instruction set
// that this machine can run, and the code for wider vectors in narrower ones.

#include <cmath>
#include <vector>

#include "check.h"
#include "common/share_out.h"
#include "ops/max_pool.h"
#include "ops/packed_conv.h"
#include "ops/standardize_weight.h"
#include "support/tested_kernels.h"

using namespace bigtransfer;
using namespace bigtransfer::ops;

namespace {

/// What rounding may cost: the largest error, of the largest magnitude, and the root mean square of
/// the errors, of that of the values.
struct Bounds {
  double largest;
  double typical;
};

/// About a quarter more than the layers below need, with chains of additions and points as they
/// are; longer ones or other points need half as much again at least.
constexpr Bounds kFloat32{1e-6, 2.5e-7};
/// F(4x4, 3x3).
constexpr Bounds kFloat32Winograd4{1.5e-6, 5e-7};
/// Here and there a value between two of bfloat16 is rounded the other way.
constexpr Bounds kBFloat16{2e-3, 4e-4};
/// Winograd's transforms round to bfloat16 where the plain products do not.
constexpr Bounds kBFloat16Winograd{2e-2, 1e-2};

bool is_winograd(ConvAlgorithm algorithm) {
  return algorithm == ConvAlgorithm::kWinograd2 || algorithm == ConvAlgorithm::kWinograd4;
}

Bounds bounds_of(ConvAlgorithm algorithm, at::ScalarType type) {
  if (type == at::kBFloat16) return is_winograd(algorithm) ? kBFloat16Winograd : kBFloat16;
  return algorithm == ConvAlgorithm::kWinograd4 ? kFloat32Winograd4 : kFloat32;
}

/// What a product in `type` sees of the values.
at::Tensor rounded(const at::Tensor& values, at::ScalarType type) {
  if (type == at::kFloat) return values;
  // Through float, as the kernels compute them.
  return values.to(at::kFloat).to(at::kBFloat16).to(at::kDouble);
}

using test::tested_kernels;

/// Images that run together.
constexpr int64_t kImages = 3;

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

/// [N, C, H, W] as pixels of `pitch` floats, with zeros after the channels.
at::Tensor to_pixels(const at::Tensor& images, int64_t pitch) {
  const at::Tensor pixels = images.permute({0, 2, 3, 1});
  return at::constant_pad_nd(pixels, {0, pitch - images.size(1)}).to(at::kFloat).contiguous();
}

/// [N, C] with zeros after the channels.
at::Tensor padded(const at::Tensor& values, int64_t pitch) {
  return at::constant_pad_nd(values, {0, pitch - values.size(1)}).contiguous();
}

/// Whether the sums, [N, 2, pitch], are those of the images, [N, C, H, W] in double.
bool are_sums_of(const at::Tensor& sums, const at::Tensor& images, double tolerance) {
  const at::Tensor flat = images.flatten(2);
  const at::Tensor expected = at::stack({flat.sum(2), flat.pow(2).sum(2)}, 1);
  const at::Tensor scale =
      at::stack({flat.abs().sum(2), expected.select(1, 1)}, 1).amax(2, true) + 1e-6;
  return largest((sums.narrow(2, 0, images.size(1)) - expected) / scale) < 10 * tolerance;
}

/// Images of one layer, what is added to them, and what should come out.
struct Example {
  at::Tensor x;
  at::Tensor weight;
  at::Tensor scale;
  at::Tensor shift;
  at::Tensor residual;
  at::Tensor expected;
};

Example make_example(const Layer& layer, at::ScalarType type) {
  const auto draw = [](at::IntArrayRef sizes) { return at::randn(sizes, at::kFloat); };
  Example example{.x = draw({kImages, layer.in, layer.height, layer.width}),
                  .weight = draw({layer.out, layer.in, layer.kernel, layer.kernel}),
                  .scale = draw({kImages, layer.in}),
                  .shift = draw({kImages, layer.in}),
                  .residual = {},
                  .expected = {}};
  at::Tensor input = example.x.to(at::kDouble);
  const auto by_channel = [](const at::Tensor& values) { return values.unsqueeze(2).unsqueeze(3); };
  if (layer.norm)
    input = (input * by_channel(example.scale) + by_channel(example.shift)).clamp_min(0);
  const at::Tensor weight = standardize_weight(example.weight);
  example.expected = at::conv2d(
      at::constant_pad_nd(rounded(input, type), {layer.pad, layer.pad, layer.pad, layer.pad}),
      rounded(weight, type).to(at::kDouble), {}, layer.stride, at::IntArrayRef({0, 0}),
      layer.dilation);
  example.residual = draw(example.expected.sizes());
  if (layer.residual) example.expected += example.residual;
  return example;
}

ConvGeometry geometry_of(const Layer& layer, const Example& example, at::ScalarType type,
                         int64_t panel) {
  const int64_t in_pitch = layer.norm              ? round_up(layer.in, panel)
                           : type == at::kBFloat16 ? round_up(layer.in, 2)
                                                   : layer.in;
  return {.in = {layer.height, layer.width, layer.in, in_pitch},
          .out = {example.expected.size(2), example.expected.size(3), layer.out,
                  round_up(layer.out, panel)},
          .kernel = layer.kernel,
          .stride = layer.stride,
          .dilation = layer.dilation,
          .pad_top = layer.pad,
          .pad_left = layer.pad};
}

/// Padded so that the output has the input's size.
ConvGeometry plain_geometry(const ImageShape& shape, int64_t kernel) {
  return {.in = shape,
          .out = shape,
          .kernel = kernel,
          .stride = 1,
          .dilation = 1,
          .pad_top = kernel / 2,
          .pad_left = kernel / 2};
}

/// One image without a norm.
ConvRun plain_run(const at::Tensor& x, at::Tensor& out, at::Tensor& sums, bool adds) {
  return {.images = 1,
          .x = x.const_data_ptr<float>(),
          .scale = nullptr,
          .shift = nullptr,
          .addend = adds ? out.const_data_ptr<float>() : nullptr,
          .out = out.mutable_data_ptr<float>(),
          .sums = sums.mutable_data_ptr<double>()};
}

void check(const Layer& layer, at::ScalarType type, const Kernels& kernels) {
  const Example example = make_example(layer, type);
  const ConvGeometry geometry = geometry_of(layer, example, type, kernels.panel);
  const int64_t out_pitch = geometry.out.pitch;
  const at::Tensor pixels = to_pixels(example.x, geometry.in.pitch);
  const at::Tensor scales = padded(example.scale, geometry.in.pitch);
  const at::Tensor shifts = padded(example.shift, geometry.in.pitch);
  Arena arena;
  const PackedConv conv(example.weight, layer.algorithm, type, kernels, arena);
  const Bounds bounds = bounds_of(layer.algorithm, type);
  /// Output and sums of these images, on the threads of the team.
  const auto run = [&](int64_t first, int64_t images) {
    at::Tensor out =
        layer.residual
            ? to_pixels(example.residual, out_pitch)
            : at::full({kImages, geometry.out.height, geometry.out.width, out_pitch}, 7.0F);
    out = out.narrow(0, first, images);
    at::Tensor sums = at::full({images, 2, out_pitch}, 7.0, at::kDouble);
    conv.run(geometry, {.images = images,
                        .x = pixels[first].const_data_ptr<float>(),
                        .scale = layer.norm ? scales[first].const_data_ptr<float>() : nullptr,
                        .shift = layer.norm ? shifts[first].const_data_ptr<float>() : nullptr,
                        .addend = layer.residual ? out.const_data_ptr<float>() : nullptr,
                        .out = out.mutable_data_ptr<float>(),
                        .sums = sums.mutable_data_ptr<double>()});
    return std::pair(out, sums);
  };
  for (const auto& [threads, images] :
       {std::pair<int, int64_t>{1, 1}, {2, 1}, {5, 1}, {1, kImages}, {2, kImages}, {3, kImages}}) {
    const TeamScope team(threads);
    const at::Tensor expected = example.expected.narrow(0, 0, images);
    const auto [out, sums] = run(0, images);
    const at::Tensor actual = out.narrow(3, 0, layer.out).permute({0, 3, 1, 2}).to(at::kDouble);
    const at::Tensor errors = actual - expected;
    EXPECT(largest(errors) <= bounds.largest * largest(expected));
    EXPECT(root_mean_square(errors) <= bounds.typical * root_mean_square(expected));
    // What lies beyond the channels must stay zero: the next layer reads it.
    EXPECT(out_pitch == layer.out || largest(out.narrow(3, layer.out, out_pitch - layer.out)) == 0);
    EXPECT(are_sums_of(sums, expected, bounds.largest));
  }
  // An image among others on one thread has the bits of the same image alone on any team.
  const auto [out, sums] = run(0, kImages);
  for (const int threads : {1, 2, 5}) {
    const TeamScope team(threads);
    for (int64_t n = 0; n < kImages; ++n) {
      const auto [own_out, own_sums] = run(n, 1);
      EXPECT(at::equal(own_out, out.narrow(0, n, 1)));
      EXPECT(at::equal(own_sums, sums.narrow(0, n, 1)));
    }
  }
}

void check_all(const std::vector<Layer>& layers) {
  at::manual_seed(3);
  for (const Kernels& kernels : tested_kernels()) {
    for (const Layer& layer : layers) {
      check(layer, at::kFloat, kernels);
      if (layer.algorithm != ConvAlgorithm::kWinograd4) check(layer, at::kBFloat16, kernels);
    }
  }
}

}  // namespace

TEST("fused 1x1 convolutions: channels beside whole panels, strides, residuals") {
  const auto algorithm = ConvAlgorithm::kPointwise;
  check_all({{algorithm, 64, 64, 1, 7, 9},
             {algorithm, 2, 1, 1, 1, 1},
             {algorithm, 3, 5, 1, 6, 5, 1, 1, 0, true, true},
             {algorithm, 40, 72, 1, 13, 11, 2},
             {algorithm, 33, 130, 1, 8, 8, 3, 1, 0, true, true},
             {algorithm, 300, 48, 1, 15, 14, 1, 1, 0, true, true},
             {algorithm, 1030, 96, 1, 5, 3},
             {algorithm, 1100, 40, 1, 9, 7, 1, 1, 0, true, true},
             {algorithm, 2080, 33, 1, 4, 4},
             {algorithm, 24, 32, 1, 15, 15},
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
             {algorithm, 420, 40, 3, 14, 13, 1, 1, 1},
             {algorithm, 300, 64, 3, 30, 17, 2, 1, 1, true, true},
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

TEST("fused convolutions: a large residual is rounded once, not with every product") {
  at::manual_seed(4);
  for (const Kernels& kernels : tested_kernels()) {
    const ImageShape shape{5, 5, 256, 256};
    const at::Tensor x = at::randn({shape.pixels(), shape.pitch});
    const at::Tensor weight = at::randn({shape.channels, shape.channels, 1, 1});
    const at::Tensor residual = 1000 * at::randn(x.sizes());
    Arena arena;
    const PackedConv conv(weight, ConvAlgorithm::kPointwise, at::kFloat, kernels, arena);
    at::Tensor out = residual.clone();
    at::Tensor sums = at::empty({2, shape.pitch}, at::kDouble);
    conv.run(plain_geometry(shape, 1), plain_run(x, out, sums, /*adds=*/true));
    const at::Tensor expected =
        residual +
        at::linear(x.to(at::kDouble), standardize_weight(weight).flatten(1).to(at::kDouble));
    EXPECT(root_mean_square(out - expected) <= 4e-8 * root_mean_square(expected));
  }
}

/// The stem is rounded as libtorch's kernels round it: differences there would be most of what
/// tells a network's outputs from transformers'.
TEST("fused convolutions: the stem adds up in one chain, row by row, pixel by pixel") {
  at::manual_seed(6);
  for (const Kernels& kernels : tested_kernels()) {
    const at::Tensor x = at::randn({12, 9, 3});
    const at::Tensor weight = at::randn({64, 3, 7, 7});
    Arena arena;
    const PackedConv conv(weight, ConvAlgorithm::kSpatial, at::kFloat, kernels, arena);
    const ConvGeometry geometry{.in = {12, 9, 3, 3},
                                .out = {6, 5, 64, 64},
                                .kernel = 7,
                                .stride = 2,
                                .dilation = 1,
                                .pad_top = 3,
                                .pad_left = 3};
    at::Tensor out = at::empty({6, 5, 64});
    at::Tensor sums = at::empty({2, 64}, at::kDouble);
    conv.run(geometry, plain_run(x, out, sums, /*adds=*/false));
    const at::Tensor padded_x = at::constant_pad_nd(x, {0, 0, 3, 3, 3, 3});
    const at::Tensor kernel = standardize_weight(weight).permute({2, 3, 1, 0}).contiguous();
    for (int64_t i = 0; i < 6 * 5; ++i) {
      const at::Tensor window =
          padded_x.narrow(0, i / 5 * 2, 7).narrow(1, i % 5 * 2, 7).contiguous();
      for (int64_t o = 0; o < 64; ++o) {
        float sum = 0;
        for (int64_t k = 0; k < 7 * 7 * 3; ++k)
          sum = std::fma(window.const_data_ptr<float>()[k],
                         kernel.const_data_ptr<float>()[k * 64 + o], sum);
        EXPECT(out.const_data_ptr<float>()[i * 64 + o] == sum);
      }
    }
  }
}

TEST("fused max pool: zeros beyond the image, NaN kept, sums by channel") {
  at::manual_seed(5);
  for (const Kernels& kernels : tested_kernels()) {
    for (const auto& [height, width] : {std::pair<int64_t, int64_t>{1, 1}, {7, 6}, {112, 90}}) {
      const int64_t channels = 70;
      const at::Tensor x = at::randn({1, channels, height, width}, at::kFloat);
      const at::Tensor expected = at::max_pool2d(at::constant_pad_nd(x, {1, 1, 1, 1}), 3, 2);
      const int64_t pitch = round_up(channels, kernels.panel);
      const at::Tensor pixels = to_pixels(x, pitch);
      for (const int threads : {1, 3}) {
        const TeamScope team(threads);
        at::Tensor out = at::empty({1, expected.size(2), expected.size(3), pitch}, at::kFloat);
        at::Tensor sums = at::empty({1, 2, pitch}, at::kDouble);
        max_pool(kernels, {.in = {height, width, channels, pitch},
                           .out = {expected.size(2), expected.size(3), channels, pitch},
                           .pad_top = 1,
                           .pad_left = 1,
                           .x = pixels.const_data_ptr<float>(),
                           .out_pixels = out.mutable_data_ptr<float>(),
                           .sums = sums.mutable_data_ptr<double>(),
                           .row_begin = 0,
                           .row_end = 0});
        EXPECT(at::equal(out, to_pixels(expected, pitch)));
        EXPECT(are_sums_of(sums, expected.to(at::kDouble), kFloat32.largest));
      }
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
    Arena arena;
    const PackedConv conv(at::randn({channels, channels, 3, 3}), ConvAlgorithm::kSpatial,
                          at::kFloat, kernels, arena);
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
             {.images = 1,
              .x = x.const_data_ptr<float>(),
              .scale = ones.const_data_ptr<float>(),
              .shift = zeros.const_data_ptr<float>(),
              .addend = nullptr,
              .out = out.mutable_data_ptr<float>(),
              .sums = sums.mutable_data_ptr<double>()});
    const at::Tensor nan = out.isnan().any(2);
    EXPECT(nan.narrow(0, 0, 2).narrow(1, 0, 2).all().item<bool>());
    EXPECT(nan.sum().item<int64_t>() == 4);
  }
}

// Gradients of weights against ATen's in double precision, on every instruction set that this
// machine can run.
#include "ops/weight_gradient.h"

#include <algorithm>
#include <string>
#include <vector>

#include "check.h"
#include "common/share_out.h"
#include "ops/cpu/kernel_sets.h"
#include "support/tested_kernels.h"

using namespace bigtransfer;
using namespace bigtransfer::ops;

namespace {

struct Layer {
  int64_t images;
  int64_t in;
  int64_t out;
  int64_t kernel;
  int64_t height;
  int64_t width;
  int64_t stride = 1;
  int64_t dilation = 1;
  /// On each side.
  int64_t pad = 0;
  /// Below and to the right alone.
  int64_t more = 0;
  bool norm = true;
};

const std::vector<Layer> kLayers = {
    {3, 64, 32, 1, 9, 7},
    {8, 64, 64, 3, 30, 29, 1, 1, 1},
    {1, 32, 32, 3, 6, 9, 1, 1, 0, 2, false},
    {1, 32, 160, 1, 1, 1},
    {9, 32, 64, 1, 2, 3},
    {2, 96, 64, 1, 11, 9, 2},
    {2, 32, 64, 1, 40, 40, 1, 1, 0, 0, false},
    {3, 32, 64, 3, 7, 7, 1, 1, 1},
    {2, 64, 288, 3, 14, 13, 1, 1, 1},
    {2, 32, 32, 3, 9, 8, 2, 1, 1},
    {2, 32, 32, 3, 8, 8, 2, 1, 0, 1},
    {1, 32, 64, 3, 11, 12, 1, 2, 2},
    {2, 32, 32, 3, 1, 1, 1, 1, 1},
    {1, 32, 32, 3, 5, 600, 1, 1, 1},
    {1, 32, 32, 7, 9, 9, 2, 1, 3, 0, false},
};

/// Values of bfloat16, so that products see what ATen sees.
at::Tensor some(at::IntArrayRef shape) { return at::randn(shape).to(at::kBFloat16).to(at::kFloat); }

struct Example {
  ConvGeometry geometry;
  /// Channels last.
  at::Tensor x;
  at::Tensor scale;
  at::Tensor shift;
  at::Tensor gradient;
  /// [taps, out, in] in double.
  at::Tensor expected;
};

Example make(const Layer& l, at::ScalarType type) {
  const int64_t reach = l.dilation * (l.kernel - 1) + 1;
  const auto out = [&](int64_t in) { return (in + 2 * l.pad + l.more - reach) / l.stride + 1; };
  const auto last = at::MemoryFormat::ChannelsLast;
  Example e{.geometry = {.in = {l.height, l.width, l.in, l.in},
                         .out = {out(l.height), out(l.width), l.out, l.out},
                         .kernel = l.kernel,
                         .stride = l.stride,
                         .dilation = l.dilation,
                         .pad_top = l.pad,
                         .pad_left = l.pad},
            .x = some({l.images, l.in, l.height, l.width}).contiguous(last),
            .scale = at::randn({l.images, l.in}),
            .shift = at::randn({l.images, l.in}),
            .gradient = some({l.images, l.out, out(l.height), out(l.width)}).contiguous(last),
            .expected = {}};
  at::Tensor seen = e.x.to(at::kDouble);
  if (l.norm) {
    const auto row = [](const at::Tensor& values) {
      return values.view({values.size(0), -1, 1, 1});
    };
    // As the kernels compute it, in one rounding where they fuse and two where they do not.
    const bool winograd = l.kernel == 3 && l.stride == 1 && l.dilation == 1;
    seen = (e.x * row(e.scale) + row(e.shift)).relu();
    seen = seen.to(winograd ? at::kFloat : type).to(at::kDouble);
  }
  seen = at::constant_pad_nd(seen, {l.pad, l.pad + l.more, l.pad, l.pad + l.more});
  const at::Tensor gradient = std::get<1>(at::convolution_backward(
      e.gradient.to(at::kDouble), seen, at::zeros({l.out, l.in, l.kernel, l.kernel}, at::kDouble),
      c10::nullopt, {l.stride, l.stride}, {0, 0}, {l.dilation, l.dilation}, false, {0, 0}, 1,
      {false, true, false}));
  e.expected = gradient.flatten(2).permute({2, 0, 1});
  return e;
}

/// With the images in groups of so many.
at::Tensor ours(const Kernels& kernels, at::ScalarType type, const Layer& layer, const Example& e,
                int64_t together) {
  WeightGradientSums sums(kernels, type, e.geometry);
  for (int64_t first = 0; first < layer.images; first += together) {
    const int64_t channels = first * layer.in;
    const auto from = [&](const at::Tensor& maps) {
      return maps.narrow(0, first, 1).const_data_ptr<float>();
    };
    sums.add({.images = std::min(together, layer.images - first),
              .x = from(e.x),
              .scale = layer.norm ? e.scale.const_data_ptr<float>() + channels : nullptr,
              .shift = layer.norm ? e.shift.const_data_ptr<float>() + channels : nullptr,
              .gradient = from(e.gradient)});
  }
  return sums.total();
}

void check(at::ScalarType type, double tolerance) {
  at::manual_seed(3);
  for (const Layer& layer : kLayers) {
    const Example e = make(layer, type);
    for (const Kernels& kernels : test::tested_kernels()) {
      for (const int64_t together : {layer.images, int64_t{2}, int64_t{1}}) {
        const at::Tensor made = ours(kernels, type, layer, e, together).to(at::kDouble);
        EXPECT(made.sizes() == e.expected.sizes());
        EXPECT((made - e.expected).abs().max().item<double>() <
               tolerance * e.expected.abs().max().item<double>());
      }
    }
  }
}

}  // namespace

TEST("weight_gradient: float32 against ATen's in double") { check(at::kFloat, 2e-6); }

// Here and there a normalised value between two of bfloat16 is rounded the other way.
TEST("weight_gradient: bfloat16 against ATen's of rounded values") { check(at::kBFloat16, 1e-3); }

TEST("weight_gradient: the same bits on any number of threads") {
  at::manual_seed(4);
  for (const Layer& layer : kLayers) {
    const Example e = make(layer, at::kFloat);
    for (const Kernels& kernels : test::tested_kernels()) {
      const at::Tensor alone = ours(kernels, at::kFloat, layer, e, 2);
      const TeamScope team(3);
      EXPECT(at::equal(ours(kernels, at::kFloat, layer, e, 2), alone));
    }
  }
}

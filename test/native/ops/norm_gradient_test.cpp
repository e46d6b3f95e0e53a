// Gradients through group norm and ReLU against autograd's of the plain operator in double
// precision, on every instruction set that this machine can run.
#include "ops/norm_gradient.h"

#include <array>
#include <limits>
#include <vector>

#include "check.h"
#include "common/share_out.h"
#include "ops/group_norm_act.h"
#include "support/tested_kernels.h"

using namespace bigtransfer;
using namespace bigtransfer::ops;

namespace {

struct Layer {
  int64_t images;
  int64_t channels;
  int64_t groups;
  int64_t height;
  int64_t width;
  bool more = false;
  /// Of the mean, in standard deviations.
  double mean = 0.3;
};

const std::vector<Layer> kLayers = {
    {3, 64, 32, 7, 5},
    {1, 96, 1, 9, 9, true},
    {2, 32, 32, 1, 1},
    {2, 96, 4, 1, 1, true},
    {1, 32, 8, 37, 41},
    {9, 160, 32, 2, 3},
    {2, 64, 2, 20, 20, true, 30},
};

struct Example {
  ImageShape shape;
  /// Channels last, as the gradients.
  at::Tensor x;
  at::Tensor gradient;
  at::Tensor more;
  at::Tensor weight;
  at::Tensor bias;
  /// [N, C] each.
  at::Tensor scale;
  at::Tensor shift;
  at::Tensor unit_scale;
  at::Tensor unit_shift;
};

Example make(const Layer& l) {
  const auto maps = [&] {
    return at::randn({l.images, l.channels, l.height, l.width})
        .contiguous(at::MemoryFormat::ChannelsLast);
  };
  Example e{.shape = {l.height, l.width, l.channels, l.channels},
            .x = maps() * 1.5 + 1.5 * l.mean,
            .gradient = maps(),
            .more = l.more ? maps() : at::Tensor(),
            .weight = at::randn({l.channels}),
            .bias = at::randn({l.channels}),
            .scale = {},
            .shift = {},
            .unit_scale = {},
            .unit_shift = {}};
  const at::Tensor grouped = e.x.to(at::kDouble).reshape({l.images, l.groups, -1});
  const at::Tensor inverse = (grouped.var(2, /*unbiased=*/false) + kGroupNormEps).rsqrt();
  const auto by_channel = [&](const at::Tensor& of_groups) {
    return of_groups.repeat_interleave(l.channels / l.groups, 1);
  };
  const at::Tensor unit_scale = by_channel(inverse);
  const at::Tensor unit_shift = by_channel(-inverse * grouped.mean(2));
  e.unit_scale = unit_scale.to(at::kFloat).contiguous();
  e.unit_shift = unit_shift.to(at::kFloat).contiguous();
  e.scale = (unit_scale * e.weight).to(at::kFloat).contiguous();
  e.shift = (unit_shift * e.weight + e.bias).to(at::kFloat).contiguous();
  return e;
}

/// Of x, of the weight and of the bias.
std::vector<at::Tensor> ours(const Kernels& kernels, const Layer& layer, const Example& e) {
  at::Tensor out = e.gradient.clone(at::MemoryFormat::ChannelsLast);
  const auto data = [](const at::Tensor& t) { return t.const_data_ptr<float>(); };
  NormParameterGradients made = norm_gradient(kernels, e.shape,
                                              {.images = layer.images,
                                               .groups = layer.groups,
                                               .x = data(e.x),
                                               .scale = data(e.scale),
                                               .shift = data(e.shift),
                                               .unit_scale = data(e.unit_scale),
                                               .unit_shift = data(e.unit_shift),
                                               .weight = data(e.weight),
                                               .gradient = data(out),
                                               .more = e.more.defined() ? data(e.more) : nullptr,
                                               .out = out.mutable_data_ptr<float>()});
  return {out, made.weight, made.bias};
}

double largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

std::vector<at::Tensor> plain(const Layer& layer, const Example& e) {
  const auto leaf = [](const at::Tensor& t) {
    return t.to(at::kDouble).detach().set_requires_grad(true);
  };
  const at::Tensor x = leaf(e.x);
  const at::Tensor weight = leaf(e.weight);
  const at::Tensor bias = leaf(e.bias);
  const at::Tensor y = group_norm_act(x, {layer.groups, weight, bias, Activation{"relu", {}}});
  y.backward(e.gradient.to(at::kDouble));
  const at::Tensor of_x = e.more.defined() ? x.grad() + e.more : x.grad();
  return {of_x, weight.grad(), bias.grad()};
}

}  // namespace

TEST("norm_gradient: against autograd of the plain operator in double") {
  at::manual_seed(5);
  for (const Layer& layer : kLayers) {
    const Example e = make(layer);
    const std::vector<at::Tensor> expected = plain(layer, e);
    // What a ReLU's input that is zero but for rounding lets through is left to chance.
    const double tolerance = layer.mean > 1 ? 1e-4 : 1e-5;
    for (const Kernels& kernels : test::tested_kernels()) {
      const std::vector<at::Tensor> made = ours(kernels, layer, e);
      for (size_t i = 0; i < made.size(); ++i) {
        // Of differences, the terms count: they may be much larger.
        const std::array<double, 3> terms{largest(e.scale) * largest(e.gradient),
                                          largest(e.unit_shift) * largest(e.gradient), 1};
        EXPECT(largest(made[i] - expected[i]) < tolerance * (1 + terms[i] + largest(expected[i])));
      }
    }
  }
}

TEST("norm_gradient: the same bits on any number of threads") {
  at::manual_seed(6);
  const Layer layer{2, 64, 32, 30, 31, true};
  const Example e = make(layer);
  for (const Kernels& kernels : test::tested_kernels()) {
    const std::vector<at::Tensor> alone = ours(kernels, layer, e);
    const TeamScope team(3);
    const std::vector<at::Tensor> together = ours(kernels, layer, e);
    for (size_t i = 0; i < alone.size(); ++i) EXPECT(at::equal(together[i], alone[i]));
  }
}

TEST("norm_gradient: NaN is passed on to its group alone") {
  at::manual_seed(7);
  const Layer layer{1, 32, 2, 4, 4};
  Example e = make(layer);
  e.gradient = at::where(e.gradient == e.gradient.flatten()[0],
                         std::numeric_limits<double>::quiet_NaN(), e.gradient)
                   .contiguous(at::MemoryFormat::ChannelsLast);
  e.shift.fill_(100);  // The ReLU lets all through.
  for (const Kernels& kernels : test::tested_kernels()) {
    const at::Tensor made = ours(kernels, layer, e)[0];
    EXPECT(made.narrow(1, 0, 16).isnan().all().item<bool>());
    EXPECT(made.narrow(1, 16, 16).isfinite().all().item<bool>());
  }
}

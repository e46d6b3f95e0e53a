// The GPU's weight standardisation against the CPU's, and its way back against autograd's in double
// precision and against differences.
#include "ops/cuda/standardize_weight.h"

#include <cmath>
#include <vector>

#include "card.h"
#include "check.h"
#include "ops/standardize_weight.h"

using namespace bigtransfer;
using namespace bigtransfer::test;

namespace {

constexpr int64_t kOut = 6;
constexpr float kEpsilon = 1e-8f;

struct Standardized {
  /// [out, taps, pitch].
  at::Tensor y;
  /// [out, 2].
  at::Tensor moments;
};

/// On the card.
Standardized standardized(const at::Tensor& weight, int64_t pitch) {
  const int64_t taps = weight.size(2) * weight.size(3);
  Standardized made{at::empty({kOut, taps, pitch}, weight.options()),
                    at::full({kOut, 2}, NAN, weight.options())};
  ops::cuda::standardize_weight({.type = at::kFloat,
                                 .out_channels = kOut,
                                 .in_channels = weight.size(1),
                                 .taps = taps,
                                 .epsilon = kEpsilon,
                                 .weight = weight.const_data_ptr<float>(),
                                 .pitch = pitch,
                                 .y = made.y.mutable_data_ptr(),
                                 .moments = made.moments.mutable_data_ptr<float>()},
                                stream());
  return made;
}

/// Of `weight` for a gradient [out, in, k, k] on the CPU, in its type.
at::Tensor led_back(const at::Tensor& weight, const at::Tensor& gradient) {
  const at::Tensor there = weight.to(kCard);
  const at::Tensor moments = standardized(there, weight.size(1)).moments;
  const at::Tensor of_y = gradient.flatten(2).transpose(1, 2).contiguous().to(kCard);
  at::Tensor made = at::full_like(there, NAN);
  ops::cuda::standardize_weight_gradient({.type = gradient.scalar_type(),
                                          .out_channels = kOut,
                                          .in_channels = weight.size(1),
                                          .taps = weight.size(2) * weight.size(3),
                                          .weight = there.const_data_ptr<float>(),
                                          .moments = moments.const_data_ptr<float>(),
                                          .gradient = of_y.const_data_ptr(),
                                          .weight_gradient = made.mutable_data_ptr<float>()},
                                         stream());
  return made.cpu();
}

/// Weights of kernels, of few channels and of more than a block has threads.
std::vector<at::Tensor> weights(double deviation, double mean) {
  std::vector<at::Tensor> made;
  for (const int64_t in : {2, 3, 70}) {
    for (const int64_t kernel : {1, 3})
      made.push_back(at::randn({kOut, in, kernel, kernel}) * deviation + mean);
  }
  return made;
}

double largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

}  // namespace

TEST("cuda standardize_weight: the CPU's values in the layout of the GPU") {
  at::manual_seed(0);
  for (const at::Tensor& weight : weights(0.1, 3)) {
    const int64_t in = weight.size(1);
    for (const int64_t pitch : {in, in + 5}) {
      const auto [there, moments] = standardized(weight.to(kCard), pitch);
      const at::Tensor y = there.cpu();
      const at::Tensor expected =
          ops::standardize_weight(weight).flatten(2).transpose(1, 2).contiguous();
      EXPECT(at::allclose(y.narrow(2, 0, in), expected, 1e-4, 1e-4));
      EXPECT(y.narrow(2, in, pitch - in).eq(0).all().item<bool>());
      const at::Tensor rows = weight.to(at::kDouble).flatten(1);
      const at::Tensor scale = rows.var(1, /*unbiased=*/false).add(kEpsilon).rsqrt();
      const at::Tensor kept = at::stack({rows.mean(1), scale}, 1);
      EXPECT(at::allclose(moments.cpu().to(at::kDouble), kept, 1e-5, 1e-5));
    }
  }
}

TEST("cuda standardize_weight: the way back against autograd in double") {
  at::manual_seed(1);
  for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16}) {
    for (const at::Tensor& weight : weights(0.05, 0.01)) {
      const at::Tensor gradient = at::randn(weight.sizes()).to(type);
      const at::Tensor leaf = weight.to(at::kDouble).set_requires_grad(true);
      ops::standardize_weight(leaf).backward(gradient.to(at::kDouble));
      const at::Tensor made = led_back(weight, gradient);
      EXPECT(made.sizes() == weight.sizes());
      // What is left of two values' gradients is a difference of much larger terms.
      const double terms = largest((weight.flatten(1).var(1, /*unbiased=*/false) + 1e-8).rsqrt());
      EXPECT(largest(made - leaf.grad()) < 2e-6 * terms * (1 + largest(gradient)));
    }
  }
}

TEST("cuda standardize_weight: the way back against differences in double") {
  at::manual_seed(2);
  constexpr double kStep = 1e-6;
  const at::Tensor weight = at::randn({kOut, 5, 3, 3}) * 0.05;
  const at::Tensor gradient = at::randn(weight.sizes());
  const at::Tensor way = at::randn(weight.sizes(), at::kDouble);
  const auto loss = [&](double steps) {
    const at::Tensor y = ops::standardize_weight(weight.to(at::kDouble) + steps * kStep * way);
    return (y * gradient).sum().item<double>();
  };
  const double expected = (loss(1) - loss(-1)) / (2 * kStep);
  const at::Tensor made = led_back(weight, gradient).to(at::kDouble);
  const double found = (made * way).sum().item<double>();
  EXPECT(std::abs(found - expected) < 1e-4 * made.norm().item<double>());
}

// Steps of both kinds against PyTorch's SGD as it is documented, in double.
#include "training/sgd.h"

#include <c10/core/GradMode.h>

#include "check.h"

using namespace bigtransfer;
using namespace bigtransfer::training;

namespace {

constexpr double kRate = 0.1;

Parameter parameter(const char* name, bool learns) {
  at::Tensor value = at::randn({300, 70});
  value.set_requires_grad(learns);
  return {name, value, learns};
}

/// One that moves, one that no loss depends on, and one that does not learn.
std::vector<Parameter> parameters() {
  at::manual_seed(3);
  return {parameter("moves", true), parameter("stays", true), parameter("fixed", false)};
}

void expect_steps(GradientsAfter after, const SgdRates& rates) {
  const std::vector<Parameter> all = parameters();
  const at::Tensor untouched = all[1].value.detach().clone();
  Sgd sgd(all, rates, after);
  at::Tensor p = all[0].value.detach().to(at::kDouble);
  at::Tensor v = at::zeros_like(p);
  const void* place = nullptr;
  for (int step = 0; step < 4; ++step) {
    const at::Tensor gradient = at::randn({300, 70});
    (all[0].value * gradient).sum().backward();
    if (after == GradientsAfter::kZero) {
      EXPECT(step == 0 || all[0].value.grad().const_data_ptr() == place);
      place = all[0].value.grad().const_data_ptr();
    }
    sgd.step(kRate);
    v = v * rates.momentum + gradient.to(at::kDouble) + p * rates.weight_decay;
    p = p - v * kRate;
    EXPECT(at::allclose(all[0].value.detach().to(at::kDouble), p, 1e-5, 1e-6));
  }
  EXPECT(at::equal(all[1].value.detach(), untouched));
  EXPECT(sgd.velocities().size() == 2);
  if (rates.momentum > 0)
    EXPECT(at::allclose(sgd.velocities()[0].second.to(at::kDouble), v, 1e-5, 1e-6));
}

}  // namespace

TEST("SGD: v ← momentum · v + g + decay · p, p ← p − rate · v; what has no gradient stays") {
  for (const auto after : {GradientsAfter::kForgotten, GradientsAfter::kZero}) {
    for (const SgdRates& rates : {SgdRates{0.9, 0.01}, SgdRates{0.9, 0}, SgdRates{0, 0.01}})
      expect_steps(after, rates);
  }
}

TEST("SGD: gradients are gone after a step and without one, in place where they are to stay") {
  for (const auto after : {GradientsAfter::kForgotten, GradientsAfter::kZero}) {
    const std::vector<Parameter> all = parameters();
    Sgd sgd(all, {0.9, 0}, after);
    for (const bool steps : {true, false}) {
      (all[0].value * 2).sum().backward();
      if (steps)
        sgd.step(kRate);
      else
        sgd.forget();
      const at::Tensor& gradient = all[0].value.grad();
      EXPECT(gradient.defined() == (after == GradientsAfter::kZero));
      if (gradient.defined()) EXPECT(gradient.eq(0).all().item<bool>());
      EXPECT(!all[1].value.grad().defined());
    }
  }
}

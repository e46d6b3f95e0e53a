// Every activation is applied; unknown names are refused; parameters are listed.
#include "ops/activation.h"

#include <cmath>

#include "check.h"
#include "common/error.h"

using namespace bigtransfer;

namespace {

double apply(const std::string& name, double x) {
  ops::Activation activation{name, {}};
  for (const auto& value : ops::activation_parameters(name)) {
    activation.parameters.push_back(at::full(value.shape, value.initial));
  }
  return ops::activate(at::full({1, 2, 1, 1}, x), activation).flatten()[0].item<double>();
}

bool near(double actual, double expected) { return std::abs(actual - expected) < 1e-4; }

}  // namespace

TEST("activate: values worked out by hand") {
  EXPECT(near(apply("relu", -1), 0));
  EXPECT(near(apply("relu2", 3), 9));
  EXPECT(near(apply("relu6", 8), 6));
  EXPECT(near(apply("leaky_relu", -1), -0.01));
  EXPECT(near(apply("linear", -1), -1));
  EXPECT(near(apply("sigmoid", 0), 0.5));
  EXPECT(near(apply("silu", 1), 1 / (1 + std::exp(-1.0))));
  EXPECT(near(apply("tanh", 1), std::tanh(1.0)));
  EXPECT(near(apply("gelu", 1), 0.5 * (1 + std::erf(1 / std::sqrt(2.0)))));
  EXPECT(near(apply("gelu_10", 50), 10));
  EXPECT(near(apply("hardswish", 3), 3));
  EXPECT(near(apply("sqrtsoftplus", 0), std::sqrt(std::log(2.0))));
  EXPECT(near(apply("prelu", -1), -0.25));
}

TEST("activate: refuses a name that transformers does not have") {
  EXPECT_THROWS(apply("selu", 1), ErrorCode::kConfig, "'selu'");
}

TEST("activation_parameters: only prelu and xielu keep values") {
  EXPECT(ops::activation_parameters("relu").empty());
  EXPECT(ops::activation_parameters("prelu").size() == 1);
  EXPECT(ops::activation_parameters("xielu").size() == 4);
}

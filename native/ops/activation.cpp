// The activations of transformers' ACT2CLS as ATen expressions, by the same formulas.
#include "ops/activation.h"

#include <cmath>
#include <functional>
#include <map>

#include "common/error.h"

namespace bigtransfer::ops {
namespace {

using Parameters = std::vector<at::Tensor>;
using Function = std::function<at::Tensor(at::Tensor, const Parameters&)>;

/// sqrt(2/pi) of the tanh approximation of GELU (Hendrycks & Gimpel, 1606.08415).
const double kGeluTanhScale = std::sqrt(2.0 / M_PI);
constexpr double kGeluCubic = 0.044715;
/// Slope of the sigmoid approximation of GELU.
constexpr double kQuickGeluScale = 1.702;
/// Bounds of gelu_10 (Zero-Shot quantisation, 2004.09602).
constexpr double kGeluClip = 10.0;
/// Location and width of the Laplace activation (Mega, 2209.10655).
constexpr double kLaplaceMu = 0.707107;
constexpr double kLaplaceSigma = 0.282095;
constexpr double kPreluSlope = 0.25;
/// xIELU (2411.13010): alpha_p and alpha_n at 0.8, beta 0.5, stored as softplus inverses in
/// bfloat16 by transformers.
constexpr double kXieluAlphaP = 0.2041015625;
constexpr double kXieluAlphaN = -1.046875;
constexpr double kXieluBeta = 0.5;
constexpr double kXieluEps = -9.98377799987793e-07;

at::Tensor gelu_tanh(const at::Tensor& x) {
  return 0.5 * x * (1.0 + at::tanh(kGeluTanhScale * (x + kGeluCubic * x.pow(3.0))));
}

at::Tensor gelu_fast(const at::Tensor& x) {
  return 0.5 * x * (1.0 + at::tanh(x * kGeluTanhScale * (1.0 + kGeluCubic * x * x)));
}

at::Tensor gelu_python(const at::Tensor& x) {
  return x * 0.5 * (1.0 + at::erf(x / std::sqrt(2.0)));
}

at::Tensor laplace(const at::Tensor& x) {
  return 0.5 * (1.0 + at::erf((x - kLaplaceMu) / (kLaplaceSigma * std::sqrt(2.0))));
}

/// parameters: alpha_p, alpha_n, beta, eps.
at::Tensor xielu(const at::Tensor& x, const Parameters& parameters) {
  // transformers keeps the four in bfloat16 whatever the network's type is, and rounds what it
  // makes of them.
  const auto rounded = [&](const at::Tensor& value) {
    return value.to(at::kBFloat16).to(x.scalar_type());
  };
  const auto softplus = [&](const at::Tensor& value) {
    return rounded(at::softplus(value.to(at::kFloat)));
  };
  const at::Tensor beta = rounded(parameters.at(2));
  const at::Tensor alpha_p = softplus(parameters.at(0));
  const at::Tensor alpha_n = rounded(beta + softplus(parameters.at(1)));
  return at::where(x > 0, alpha_p * x * x + beta * x,
                   (at::expm1(at::minimum(x, rounded(parameters.at(3)))) - x) * alpha_n + beta * x);
}

template <typename F>
Function plain(F f) {
  return [f](at::Tensor x, const Parameters&) { return f(std::move(x)); };
}

const std::map<std::string, Function>& functions() {
  static const auto* const table = new std::map<std::string, Function>{
      {"gelu", plain([](at::Tensor x) { return at::gelu(x); })},
      {"gelu_10", plain([](at::Tensor x) { return at::gelu(x).clamp_(-kGeluClip, kGeluClip); })},
      {"gelu_fast", plain(gelu_fast)},
      {"gelu_new", plain(gelu_tanh)},
      {"gelu_python", plain(gelu_python)},
      {"gelu_pytorch_tanh", plain([](at::Tensor x) { return at::gelu(x, "tanh"); })},
      {"gelu_python_tanh", plain(gelu_tanh)},
      {"gelu_accurate", plain(gelu_tanh)},
      {"hardswish", plain([](at::Tensor x) { return at::hardswish_(x); })},
      {"laplace", plain(laplace)},
      {"leaky_relu", plain([](at::Tensor x) { return at::leaky_relu_(x); })},
      {"linear", plain([](at::Tensor x) { return x; })},
      {"mish", plain([](at::Tensor x) { return at::mish_(x); })},
      {"quick_gelu", plain([](at::Tensor x) { return x * at::sigmoid(kQuickGeluScale * x); })},
      {"relu", plain([](at::Tensor x) { return at::relu_(x); })},
      {"relu2", plain([](at::Tensor x) { return at::relu_(x).square(); })},
      {"relu6", plain([](at::Tensor x) { return at::hardtanh_(x, 0, 6); })},
      {"sigmoid", plain([](at::Tensor x) { return at::sigmoid_(x); })},
      {"silu", plain([](at::Tensor x) { return at::silu_(x); })},
      {"sqrtsoftplus", plain([](at::Tensor x) { return at::softplus(x).sqrt_(); })},
      {"swish", plain([](at::Tensor x) { return at::silu_(x); })},
      {"tanh", plain([](at::Tensor x) { return at::tanh_(x); })},
      {"prelu", [](at::Tensor x, const Parameters& p) { return at::prelu(x, p.at(0)); }},
      {"xielu", [](at::Tensor x, const Parameters& p) { return xielu(x, p); }},
  };
  return *table;
}

}  // namespace

const std::vector<ActivationParameter>& activation_parameters(const std::string& name) {
  static const auto* const none = new std::vector<ActivationParameter>{};
  static const auto* const prelu =
      new std::vector<ActivationParameter>{{"weight", {1}, kPreluSlope, true}};
  static const auto* const xielu_values =
      new std::vector<ActivationParameter>{{"alpha_p", {1}, kXieluAlphaP, true},
                                           {"alpha_n", {1}, kXieluAlphaN, true},
                                           {"beta", {}, kXieluBeta, false},
                                           {"eps", {}, kXieluEps, false}};
  return name == "prelu" ? *prelu : name == "xielu" ? *xielu_values : *none;
}

at::Tensor activate(const at::Tensor& x, const Activation& activation) {
  const auto found = functions().find(activation.name);
  if (found == functions().end()) {
    throw Error(ErrorCode::kConfig,
                "hiddenAct '" + activation.name + "' is no activation of transformers");
  }
  return found->second(x, activation.parameters);
}

}  // namespace bigtransfer::ops

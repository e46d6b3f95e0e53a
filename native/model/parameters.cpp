// Walks a topology in state-dict order; draws initial values.
#include "model/parameters.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "ops/activation.h"

namespace bigtransfer::model {
namespace {

class Walk {
 public:
  explicit Walk(const Topology& topology) : topology_(topology) {}

  std::vector<ParameterSpec> run() {
    conv(topology_.stem.conv);
    if (topology_.stem.norm) norm(*topology_.stem.norm);
    for (const StageSpec& stage : topology_.stages) {
      for (const BlockSpec& each : stage.blocks) block(each);
    }
    if (topology_.norm) norm(*topology_.norm);
    if (topology_.head && topology_.head->out_features > 0) head(*topology_.head);
    return std::move(found_);
  }

 private:
  void conv(const ConvSpec& spec) {
    found_.push_back({spec.name + ".weight",
                      {spec.out_channels, spec.in_channels, spec.kernel, spec.kernel},
                      Initialization::kKaimingNormal,
                      0,
                      true});
  }

  void norm(const NormSpec& spec) {
    found_.push_back({spec.name + ".weight", {spec.channels}, Initialization::kConstant, 1, true});
    found_.push_back({spec.name + ".bias", {spec.channels}, Initialization::kConstant, 0, true});
    if (spec.activation) activation(spec.name + ".activation");
  }

  void activation(const std::string& name) {
    for (const auto& value : ops::activation_parameters(topology_.spec.hidden_act)) {
      found_.push_back({name + "." + value.name, value.shape, Initialization::kConstant,
                        value.initial, value.learns});
    }
  }

  void block(const BlockSpec& spec) {
    if (spec.downsample) conv(*spec.downsample);
    if (spec.downsample_norm) norm(*spec.downsample_norm);
    const bool norm_first = topology_.spec.layer_type == LayerType::kPreactivation;
    for (size_t i = 0; i < spec.convs.size(); ++i) {
      if (norm_first) norm(spec.norms[i]);
      conv(spec.convs[i]);
      if (!norm_first) norm(spec.norms[i]);
    }
    if (spec.activation) activation(*spec.activation);
  }

  void head(const HeadSpec& spec) {
    const auto fan_in = static_cast<double>(spec.in_features);
    found_.push_back({spec.name + ".weight",
                      {spec.out_features, spec.in_features},
                      Initialization::kLinear,
                      fan_in,
                      true});
    found_.push_back(
        {spec.name + ".bias", {spec.out_features}, Initialization::kLinear, fan_in, true});
  }

  const Topology& topology_;
  std::vector<ParameterSpec> found_;
};

/// FNV-1a, so that a parameter's draw is tied to its name.
uint64_t hash(const std::string& text) {
  uint64_t value = 0xcbf29ce484222325;
  for (unsigned char byte : text) value = (value ^ byte) * 0x100000001b3;
  return value;
}

}  // namespace

std::vector<ParameterSpec> parameters(const Topology& topology) { return Walk(topology).run(); }

at::Tensor initialize(const ParameterSpec& parameter, uint64_t seed) {
  const at::Generator generator = at::detail::createCPUGenerator(seed ^ hash(parameter.name));
  const at::Tensor value = at::empty(parameter.shape, at::kFloat);
  switch (parameter.initialization) {
    case Initialization::kKaimingNormal: {
      const auto fan_out = static_cast<double>(value.size(0) * value.size(2) * value.size(3));
      return value.normal_(0.0, std::sqrt(2.0 / fan_out), generator);
    }
    case Initialization::kLinear: {
      const double bound = 1.0 / std::sqrt(parameter.value);
      return value.uniform_(-bound, bound, generator);
    }
    case Initialization::kConstant:
      return value.fill_(parameter.value);
  }
  return value;
}

}  // namespace bigtransfer::model

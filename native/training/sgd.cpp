// Parameter by parameter, in place.
#include "training/sgd.h"

#include <c10/core/GradMode.h>

#include "checkpoint/checkpoint.h"
#include "common/error.h"

namespace bigtransfer::training {

Sgd::Sgd(const std::vector<Parameter>& parameters, const SgdRates& rates)
    : parameters_(parameters), rates_(rates) {
  for (const Parameter& each : parameters)
    velocities_.push_back(each.learns ? at::zeros_like(each.value.detach()) : at::Tensor());
}

void Sgd::step(double learning_rate) {
  const c10::NoGradGuard guard;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& value = parameters_[i].value;
    // None where the loss does not depend on it.
    if (!velocities_[i].defined() || !value.grad().defined()) continue;
    const at::Tensor& gradient = value.grad();
    if (rates_.weight_decay != 0) gradient.add_(value, rates_.weight_decay);
    velocities_[i].mul_(rates_.momentum).add_(gradient);
    value.add_(velocities_[i], -learning_rate);
    gradient.zero_();
  }
}

std::vector<std::pair<std::string, at::Tensor>> Sgd::velocities() const {
  std::vector<std::pair<std::string, at::Tensor>> named;
  for (size_t i = 0; i < parameters_.size(); ++i)
    if (velocities_[i].defined()) named.emplace_back(parameters_[i].name, velocities_[i]);
  return named;
}

void Sgd::restore(const std::string& path) {
  const c10::NoGradGuard guard;
  const checkpoint::Checkpoint saved = checkpoint::Checkpoint::open({path});
  for (const auto& [name, velocity] : velocities()) {
    if (!saved.contains(name) || saved.tensor(name).sizes() != velocity.sizes())
      throw Error(ErrorCode::kCheckpoint, path + " has no velocity of " + name + " as it is now");
    velocity.copy_(saved.tensor(name));
  }
}

}  // namespace bigtransfer::training

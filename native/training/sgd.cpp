// In place, with a parameter's gradient and velocity beside it.
#include "training/sgd.h"

#include <c10/core/GradMode.h>

#include <algorithm>

#include "checkpoint/checkpoint.h"
#include "common/error.h"
#include "common/share_out.h"

namespace bigtransfer::training {
namespace {

/// Values that one thread updates at a time.
constexpr int64_t kPiece = 1 << 14;

}  // namespace

Sgd::Sgd(const std::vector<Parameter>& parameters, const SgdRates& rates, GradientsAfter after)
    : parameters_(parameters), rates_(rates), after_(after) {
  for (const Parameter& each : parameters)
    velocities_.push_back(each.learns ? at::zeros_like(each.value.detach()) : at::Tensor());
}

/// None where the loss does not depend on it.
bool Sgd::moves(size_t i) const {
  return velocities_[i].defined() && parameters_[i].value.grad().defined();
}

void Sgd::step(double learning_rate) {
  const c10::NoGradGuard guard;
  if (after_ == GradientsAfter::kZero)
    step_at_once(learning_rate);
  else
    step_by_threads(static_cast<float>(learning_rate));
  forget();
}

void Sgd::step_by_threads(float rate) {
  const auto momentum = static_cast<float>(rates_.momentum);
  const auto decay = static_cast<float>(rates_.weight_decay);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!moves(i)) continue;
    const at::Tensor& value = parameters_[i].value;
    const at::Tensor gradient = value.grad().contiguous();
    const float* g = gradient.const_data_ptr<float>();
    float* v = velocities_[i].mutable_data_ptr<float>();
    float* p = value.mutable_data_ptr<float>();
    const int64_t size = value.numel();
    share_out((size + kPiece - 1) / kPiece, [&](int64_t begin, int64_t end) {
      const int64_t last = std::min(end * kPiece, size);
      for (int64_t k = begin * kPiece; k < last; ++k) {
        v[k] = momentum * v[k] + (g[k] + decay * p[k]);
        p[k] -= rate * v[k];
      }
    });
  }
}

void Sgd::step_at_once(double rate) {
  std::vector<at::Tensor> values;
  std::vector<at::Tensor> gradients;
  std::vector<at::Tensor> velocities;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!moves(i)) continue;
    values.push_back(parameters_[i].value.detach());
    gradients.push_back(parameters_[i].value.grad());
    velocities.push_back(velocities_[i]);
  }
  if (values.empty()) return;
  // The operator takes no velocities where nothing is remembered.
  if (rates_.momentum == 0) velocities.clear();
  at::_fused_sgd_(values, gradients, velocities, rates_.weight_decay, rates_.momentum, rate,
                  /*dampening=*/0, /*nesterov=*/false, /*maximize=*/false,
                  /*is_first_step=*/false);
}

void Sgd::forget() {
  const c10::NoGradGuard guard;
  std::vector<at::Tensor> gradients;
  for (const Parameter& each : parameters_) {
    at::Tensor& gradient = each.value.mutable_grad();
    if (after_ == GradientsAfter::kForgotten)
      gradient.reset();
    else if (gradient.defined())
      gradients.push_back(gradient);
  }
  if (!gradients.empty()) at::_foreach_zero_(gradients);
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

// Parameter by parameter, in place, each value in one go.
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

Sgd::Sgd(const std::vector<Parameter>& parameters, const SgdRates& rates)
    : parameters_(parameters), rates_(rates) {
  for (const Parameter& each : parameters)
    velocities_.push_back(each.learns ? at::zeros_like(each.value.detach()) : at::Tensor());
}

void Sgd::step(double learning_rate) {
  const c10::NoGradGuard guard;
  const auto momentum = static_cast<float>(rates_.momentum);
  const auto decay = static_cast<float>(rates_.weight_decay);
  const auto rate = static_cast<float>(learning_rate);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& value = parameters_[i].value;
    // None where the loss does not depend on it.
    if (!velocities_[i].defined() || !value.grad().defined()) continue;
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
    // The next one takes its place instead of being added to zeros.
    value.mutable_grad().reset();
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

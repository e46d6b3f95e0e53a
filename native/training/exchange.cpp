// In buckets: small tensors travel together, and large ones in parts, none of which takes long.
#include "training/exchange.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace bigtransfer::training {
namespace {

/// Values of a bucket: 16 MiB, of which the slowest networks in use send one in seconds.
constexpr int64_t kBucket = int64_t{4} << 20;

/// Values that are summed up over the peers, in the order in which they were added.
class Summing {
 public:
  explicit Summing(peers::Peers& peers) : peers_(peers) {}

  /// They are sums after flush() at the latest.
  void add(float* values, int64_t count) {
    while (count > 0) {
      const int64_t part = std::min(count, kBucket - filled());
      bucket_.insert(bucket_.end(), values, values + part);
      places_.emplace_back(values, part);
      values += part;
      count -= part;
      if (filled() == kBucket) flush();
    }
  }

  void flush() {
    if (bucket_.empty()) return;
    peers_.all_reduce(bucket_.data(), bucket_.size());
    const float* sum = bucket_.data();
    for (const auto& [values, count] : places_) {
      std::copy_n(sum, count, values);
      sum += count;
    }
    bucket_.clear();
    places_.clear();
  }

 private:
  int64_t filled() const { return static_cast<int64_t>(bucket_.size()); }

  peers::Peers& peers_;
  std::vector<float> bucket_;
  std::vector<std::pair<float*, int64_t>> places_;
};

/// For each parameter, how many peers have a gradient of it.
std::vector<float> count_gradients(const std::vector<Parameter>& parameters, peers::Peers& peers) {
  std::vector<float> counts;
  for (const Parameter& each : parameters) counts.push_back(each.value.grad().defined() ? 1 : 0);
  peers.all_reduce(counts.data(), counts.size());
  return counts;
}

}  // namespace

void sum_gradients(const std::vector<Parameter>& parameters, peers::Peers& peers) {
  const c10::NoGradGuard guard;
  const std::vector<float> counts = count_gradients(parameters, peers);
  Summing summing(peers);
  // Each gradient beside what is sent of it: itself, or a copy where it is elsewhere.
  std::vector<std::pair<at::Tensor, at::Tensor>> sent;
  for (size_t i = 0; i < parameters.size(); ++i) {
    // What no loss depends on is left as it is by the optimiser, in one process too.
    if (counts[i] == 0) continue;
    at::Tensor& gradient = parameters[i].value.mutable_grad();
    if (!gradient.defined()) gradient = at::zeros_like(parameters[i].value);
    const auto& [_, values] = sent.emplace_back(gradient, gradient.cpu().contiguous());
    summing.add(values.mutable_data_ptr<float>(), values.numel());
  }
  summing.flush();
  for (const auto& [gradient, values] : sent)
    if (!values.is_same(gradient)) gradient.copy_(values);
}

void take_from_first(const std::vector<at::Tensor>& tensors, peers::Peers& peers) {
  const c10::NoGradGuard guard;
  constexpr size_t kBytes = kBucket * sizeof(float);
  for (const at::Tensor& each : tensors) {
    const at::Tensor values = each.cpu();
    char* const begin = static_cast<char*>(values.mutable_data_ptr());
    for (size_t at = 0; at < values.nbytes(); at += kBytes)
      peers.broadcast(begin + at, std::min(kBytes, values.nbytes() - at));
    if (!values.is_same(each)) each.copy_(values);
  }
}

}  // namespace bigtransfer::training

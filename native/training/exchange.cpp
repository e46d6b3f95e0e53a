// In buckets: small tensors travel together, and large ones in parts, none of which takes long.
#include "training/exchange.h"

#include <c10/core/GradMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace bigtransfer::training {
namespace {

/// Values of a bucket: 16 MiB, of which the slowest networks in use send one in seconds.
constexpr int64_t kBucket = int64_t{4} << 20;

at::Device device_of(const peers::Peers& peers) {
  const int gpu = peers.device();
  if (gpu == peers::kOnCpu) return at::kCPU;
  return {at::kCUDA, static_cast<c10::DeviceIndex>(gpu)};
}

/// Peers read what is there when they are called, and have written when they return.
void finish_what_was_begun(at::Device device) {
  if (!device.is_cpu()) c10::impl::VirtualGuardImpl(device.type()).getStream(device).synchronize();
}

/// Puts the sum of all peers' values, which are floats in their memory, into everybody's.
void all_reduce(at::Tensor values, peers::Peers& peers) {
  finish_what_was_begun(values.device());
  peers.all_reduce(values.mutable_data_ptr<float>(), static_cast<size_t>(values.numel()));
}

/// The values themselves, or a copy, as peers take them.
at::Tensor for_peers(const at::Tensor& values, const peers::Peers& peers) {
  return values.to(device_of(peers)).contiguous().flatten();
}

/// Back from there.
void put_back(const at::Tensor& values, const at::Tensor& to) {
  if (!values.is_alias_of(to)) to.copy_(values.view(to.sizes()));
}

/// Values that are summed up over the peers, in the order in which they were added.
class Summing {
 public:
  explicit Summing(peers::Peers& peers)
      : peers_(peers), bucket_(at::empty({kBucket}, at::device(device_of(peers)))) {}

  /// One-dimensional and in the peers' memory; they are sums after flush() at the latest.
  void add(const at::Tensor& values) {
    for (int64_t begin = 0; begin < values.numel();) {
      const int64_t count = std::min(values.numel() - begin, kBucket - filled_);
      const at::Tensor part = values.narrow(0, begin, count);
      bucket_.narrow(0, filled_, count).copy_(part);
      parts_.push_back(part);
      begin += count;
      filled_ += count;
      if (filled_ == kBucket) flush();
    }
  }

  void flush() {
    if (filled_ == 0) return;
    all_reduce(bucket_.narrow(0, 0, filled_), peers_);
    int64_t begin = 0;
    for (const at::Tensor& part : parts_) {
      part.copy_(bucket_.narrow(0, begin, part.numel()));
      begin += part.numel();
    }
    parts_.clear();
    filled_ = 0;
  }

 private:
  peers::Peers& peers_;
  at::Tensor bucket_;
  int64_t filled_ = 0;
  std::vector<at::Tensor> parts_;
};

/// For each parameter, how many peers have a gradient of it.
std::vector<float> count_gradients(const std::vector<Parameter>& parameters, peers::Peers& peers) {
  std::vector<float> counts;
  for (const Parameter& each : parameters) counts.push_back(each.value.grad().defined() ? 1 : 0);
  const at::Tensor own = at::tensor(counts);
  const at::Tensor sums = for_peers(own, peers);
  all_reduce(sums, peers);
  put_back(sums, own);
  return {own.const_data_ptr<float>(), own.const_data_ptr<float>() + own.numel()};
}

}  // namespace

void sum_gradients(const std::vector<Parameter>& parameters, peers::Peers& peers) {
  const c10::NoGradGuard guard;
  const std::vector<float> counts = count_gradients(parameters, peers);
  Summing summing(peers);
  // Each gradient beside what is sent of it.
  std::vector<std::pair<at::Tensor, at::Tensor>> sent;
  for (size_t i = 0; i < parameters.size(); ++i) {
    // What no loss depends on is left as it is by the optimiser, in one process too.
    if (counts[i] == 0) continue;
    at::Tensor& gradient = parameters[i].value.mutable_grad();
    if (!gradient.defined()) gradient = at::zeros_like(parameters[i].value);
    sent.emplace_back(gradient, for_peers(gradient, peers));
    summing.add(sent.back().second);
  }
  summing.flush();
  for (const auto& [gradient, values] : sent) put_back(values, gradient);
}

void take_from_first(const std::vector<at::Tensor>& tensors, peers::Peers& peers) {
  const c10::NoGradGuard guard;
  constexpr size_t kBytes = kBucket * sizeof(float);
  for (const at::Tensor& each : tensors) {
    const at::Tensor values = for_peers(each, peers);
    finish_what_was_begun(values.device());
    char* const begin = static_cast<char*>(values.mutable_data_ptr());
    for (size_t at = 0; at < values.nbytes(); at += kBytes)
      peers.broadcast(begin + at, std::min(kBytes, values.nbytes() - at));
    put_back(values, each);
  }
}

}  // namespace bigtransfer::training

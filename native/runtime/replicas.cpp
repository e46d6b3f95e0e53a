// Rounds: every share runs, and what failed runs again on those that are left.
#include "runtime/replicas.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <future>
#include <map>
#include <optional>

#include "common/error.h"
#include "devices/gpu_failure.h"

namespace bigtransfer::runtime {
namespace {

/// Why the device failed, or nothing where the exception in flight is of another kind.
std::optional<std::string> device_failure() {
  if (devices::gpu_failure() != devices::GpuFailure::kDevice) return std::nullopt;
  return devices::failure_words();
}

}  // namespace

/// One of the three.
struct Replicas::ShareEnd {
  std::optional<model::RunResult> result;
  std::optional<std::string> failure;
  std::exception_ptr error;
};

Replicas::Replicas(size_t count, OnFailure on_failure)
    : on_failure_(std::move(on_failure)), failures_(count) {}

std::vector<size_t> Replicas::working() const {
  std::vector<size_t> working;
  {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < failures_.size(); ++i) {
      if (failures_[i].empty()) working.push_back(i);
    }
    if (working.empty())
      throw Error(ErrorCode::kDevice,
                  "All GPUs of this model have failed; the last one said: " + failures_.back());
  }
  const auto first = static_cast<std::ptrdiff_t>(turn_++ % working.size());
  std::ranges::rotate(working, working.begin() + first);
  return working;
}

std::vector<Replicas::Assignment> Replicas::assign(const std::vector<Share>& shares) const {
  const std::vector<size_t> working = this->working();
  std::vector<Assignment> assignments;
  for (const Share& share : shares) {
    const int64_t parts = std::min(share.count, static_cast<int64_t>(working.size()));
    for (int64_t i = 0; i < parts; ++i) {
      const int64_t begin = share.count * i / parts;
      const int64_t end = share.count * (i + 1) / parts;
      const size_t replica = working[assignments.size() % working.size()];
      assignments.push_back({replica, {share.begin + begin, end - begin}});
    }
  }
  return assignments;
}

std::vector<Replicas::ShareEnd> Replicas::run_all(const std::vector<Assignment>& assignments,
                                                  const RunOn& run_on) const {
  const auto run = [&](const Assignment& each) -> ShareEnd {
    const c10::InferenceMode guard;
    try {
      return {run_on(each.replica, each.share), {}, {}};
    } catch (...) {
      const std::exception_ptr error = std::current_exception();
      if (std::optional<std::string> why = device_failure()) return {{}, std::move(why), error};
      return {{}, {}, error};
    }
  };
  std::vector<std::future<ShareEnd>> others;
  for (size_t i = 1; i < assignments.size(); ++i)
    others.push_back(std::async(std::launch::async, run, assignments[i]));
  std::vector<ShareEnd> outcomes;
  outcomes.push_back(run(assignments.front()));
  for (std::future<ShareEnd>& each : others) outcomes.push_back(each.get());
  return outcomes;
}

void Replicas::give_up(size_t replica, const std::string& why) const {
  {
    const std::lock_guard lock(mutex_);
    if (!failures_[replica].empty()) return;
    failures_[replica] = why.empty() ? "it does not say why" : why;
  }
  on_failure_(replica, why);
}

model::RunResult Replicas::run(int64_t images, const RunOn& run_on) const {
  /// By the first image of each.
  std::map<int64_t, model::RunResult> results;
  std::vector<Share> left{{0, images}};
  while (!left.empty()) {
    const std::vector<Assignment> assignments = assign(left);
    std::vector<ShareEnd> outcomes = run_all(assignments, run_on);
    left.clear();
    for (size_t i = 0; i < outcomes.size(); ++i) {
      ShareEnd& outcome = outcomes[i];
      if (outcome.result) {
        results.emplace(assignments[i].share.begin, std::move(*outcome.result));
        continue;
      }
      if (!outcome.failure) std::rethrow_exception(outcome.error);
      if (failures_.size() == 1) throw Error(ErrorCode::kDevice, *outcome.failure);
      give_up(assignments[i].replica, *outcome.failure);
      left.push_back(assignments[i].share);
    }
  }
  std::vector<model::RunResult> parts;
  for (auto& [begin, result] : results) parts.push_back(std::move(result));
  return model::joined(parts);
}

}  // namespace bigtransfer::runtime

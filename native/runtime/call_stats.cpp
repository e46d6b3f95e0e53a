// Keeps the counts.
#include "runtime/call_stats.h"

#include <algorithm>

#include "runtime/cancel.h"

namespace bigtransfer::runtime {
namespace {

bool is_cancelled(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Cancelled&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

void CallStats::batch(int64_t images) {
  const std::lock_guard lock(mutex_);
  ++counts_.batches[images];
}

void CallStats::end(const Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  if (const auto* error = std::get_if<std::exception_ptr>(&outcome)) {
    ++(is_cancelled(*error) ? counts_.cancelled : counts_.failed);
    return;
  }
  const CallTimes& times = std::get<ForwardResult>(outcome).times;
  const double milliseconds = times.queued_ms + times.computed_ms;
  const auto bucket = std::ranges::lower_bound(kLatencyBounds, milliseconds);
  ++counts_.latency[static_cast<size_t>(bucket - kLatencyBounds.begin())];
  counts_.latency_total_ms += milliseconds;
  ++counts_.completed;
}

void CallStats::rejected() {
  const std::lock_guard lock(mutex_);
  ++counts_.rejected;
}

CallCounts CallStats::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace bigtransfer::runtime

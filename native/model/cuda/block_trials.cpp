// Once for each size.
#include "model/cuda/block_trials.h"

#include <c10/util/Exception.h>

namespace bigtransfer::model {

bool BlockTrials::prefers_second(const Key& key, const Stopwatch& stopwatch,
                                 const std::function<void()>& first,
                                 const std::function<void()>& second) const {
  const std::lock_guard lock(mutex_);
  const auto known = found_.find(key);
  if (known != found_.end()) return known->second;
  if (!stopwatch) return false;
  bool is_faster = false;
  try {
    const double time = stopwatch(first);
    is_faster = stopwatch(second) < time;
  } catch (const c10::OutOfMemoryError&) {
    return false;
  }
  return found_.emplace(key, is_faster).first->second;
}

}  // namespace bigtransfer::model

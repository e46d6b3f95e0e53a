// What a model's calls have been like: counts, sizes of batches, how long answers took.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "runtime/call.h"

namespace bigtransfer::runtime {

/// Upper bounds of the latency histogram's buckets in milliseconds; one more bucket is above them.
inline constexpr std::array<double, 15> kLatencyBounds = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10'000, 30'000, 60'000};

struct CallCounts {
  uint64_t completed;
  uint64_t failed;
  uint64_t cancelled;
  /// Refused by a full queue.
  uint64_t rejected;
  /// How many batches there were of each number of images.
  std::map<int64_t, uint64_t> batches;
  /// Completed calls by the time from the call to its answer.
  std::array<uint64_t, kLatencyBounds.size() + 1> latency;
  double latency_total_ms;
};

/// Counts from any thread.
class CallStats {
 public:
  void batch(int64_t images);
  void end(const Outcome& outcome);
  void rejected();
  CallCounts counts() const;

 private:
  mutable std::mutex mutex_;
  CallCounts counts_{};
};

}  // namespace bigtransfer::runtime

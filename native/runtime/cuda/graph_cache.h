// Runs that were recorded once and are replayed since: one for each shape of input and what is
// asked.
#pragma once

#include <ATen/cuda/CUDAGraph.h>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "model/run.h"

namespace bigtransfer::runtime {

/// What decides on a recording.
struct GraphKey {
  std::vector<int64_t> shape;
  model::Wanted wanted;

  bool operator==(const GraphKey&) const = default;
};

struct RecordedRun {
  at::cuda::CUDAGraph graph;
  /// Written before, and read after each replay.
  at::Tensor input;
  model::RunResult output;
  int64_t bytes = 0;
};

/// The recordings of one device, the last used first; at most so many bytes of them.
class GraphCache {
 public:
  using Run = std::function<model::RunResult(const at::Tensor& input)>;

  explicit GraphCache(int64_t most_bytes) : most_bytes_(most_bytes) {}

  /// The recording, or null. A shape that is asked for a second time is recorded, by `run` on the
  /// current stream of the current device; one that cannot be recorded is never tried again.
  RecordedRun* find(const GraphKey& key, const at::Tensor& input, const Run& run);
  /// Forgets all recordings, with their memory; none of them may still run.
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    GraphKey key;
    /// Null before the second call, and for ever where recording failed.
    std::unique_ptr<RecordedRun> recorded;
    bool has_failed = false;
  };

  std::unique_ptr<RecordedRun> record(const at::Tensor& input, const Run& run) const;
  void make_room();
  static void forget(Entry& entry);

  int64_t most_bytes_;
  std::list<Entry> entries_;
};

}  // namespace bigtransfer::runtime

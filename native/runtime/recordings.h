// Which runs of a network on a GPU are recorded, and how long recordings are kept.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "model/run.h"

namespace bigtransfer::runtime {

/// Runs with the same key start the same work.
struct RunKey {
  std::vector<int64_t> shape;
  model::Wanted wanted;

  bool operator==(const RunKey&) const = default;
};

class Recording {
 public:
  virtual ~Recording() = default;

  /// Starts the run again with another input; what it gives is written over by the next replay.
  virtual model::RunResult replay(const at::Tensor& input) = 0;
  /// Memory that it holds.
  virtual int64_t bytes() const = 0;
};

/// The recordings of one network, the last used first.
class Recordings {
 public:
  using Record = std::function<std::unique_ptr<Recording>()>;

  /// All but the last used one hold at most so many bytes together.
  explicit Recordings(int64_t most_bytes) : most_bytes_(most_bytes) {}

  /// The recording, or null for a run that goes without one. What is asked for a second time is
  /// recorded by record(); what that throws for is never tried again.
  Recording* find(const RunKey& key, const Record& record);
  /// Gives up all recordings; what could not be recorded stays known.
  void clear();

 private:
  struct Entry {
    RunKey key;
    /// Null before the second run, and for ever where recording failed.
    std::unique_ptr<Recording> recording;
    bool has_failed = false;
  };

  void make_room();

  int64_t most_bytes_;
  std::list<Entry> entries_;
};

}  // namespace bigtransfer::runtime

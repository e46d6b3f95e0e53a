// Work recorded as a CUDA graph.
#pragma once

#include <ATen/cuda/CUDAGraph.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "devices/cuda/graph_pool.h"

namespace bigtransfer::devices {

class RecordedGraph {
 public:
  /// Records what `work` starts on the current stream, on which nothing else can be started,
  /// without running it; its memory is of `pool`. recording() is held by the caller, who has run
  /// the same work on that stream before, so that libraries have made their preparations. Throws
  /// what the work throws, and c10::Error; nothing stays behind then.
  RecordedGraph(std::shared_ptr<const GraphPool> pool, const std::function<void()>& work);

  /// Starts it on the current stream.
  void replay() { graph_.replay(); }
  /// What recording has added to the memory of the pool.
  int64_t bytes() const { return bytes_; }

 private:
  void capture(const std::function<void()>& work);

  std::shared_ptr<const GraphPool> pool_;
  at::cuda::CUDAGraph graph_;
  int64_t bytes_ = 0;
};

}  // namespace bigtransfer::devices

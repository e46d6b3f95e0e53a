// The memory of one recorded run, given back on every way out.
#pragma once

#include <ATen/cuda/CUDAGraph.h>

namespace bigtransfer::devices {

/// A pool of PyTorch's allocator. at::cuda::CUDAGraph leaves its own open where a capture does not
/// end well, so that its blocks are lost: this one counts until nobody holds it.
class GraphPool {
 public:
  /// Of the current device.
  GraphPool();
  ~GraphPool();
  GraphPool(const GraphPool&) = delete;
  GraphPool& operator=(const GraphPool&) = delete;

  c10::MempoolId_t id() const { return id_; }
  /// After a capture that failed: what is allocated from now on goes elsewhere.
  void close() const;

 private:
  c10::DeviceIndex device_;
  c10::MempoolId_t id_;
};

}  // namespace bigtransfer::devices

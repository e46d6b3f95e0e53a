// A stream that nobody else is given.
#pragma once

#include <c10/cuda/CUDAStream.h>

namespace bigtransfer::devices {

/// PyTorch hands its streams out in turn, so that another part of the process may be on the same
/// one; on this one nothing is started but by its owner. Memory that was used on it must not be
/// marked so with recordStream(), and must be free again when the stream goes.
class OwnStream {
 public:
  explicit OwnStream(c10::DeviceIndex device);
  /// Gives back what cuBLAS kept for it, once all that was started is through.
  ~OwnStream();
  OwnStream(const OwnStream&) = delete;
  OwnStream& operator=(const OwnStream&) = delete;

  const c10::cuda::CUDAStream& get() const { return stream_; }

 private:
  c10::cuda::CUDAStream stream_;
};

}  // namespace bigtransfer::devices

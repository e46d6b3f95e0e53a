// What libtorch's convolutions are allowed, which they ask the process at the moment when they
// start.
#pragma once

#include <mutex>

namespace bigtransfer::devices {

/// While it lives, convolutions that any thread starts are allowed this. Others who ask for
/// settings wait meanwhile: it lives for as long as work is started, not until it is done. Whoever
/// records as well holds recording() before.
class CudnnSettings {
 public:
  /// `allow_tf32`: whether float32 may round to TF32. `by_trial`: whether kernels are chosen by
  /// trying all that there are, once for each shape; else by shape.
  CudnnSettings(bool allow_tf32, bool by_trial);
  /// What was allowed before is again.
  ~CudnnSettings();
  CudnnSettings(const CudnnSettings&) = delete;
  CudnnSettings& operator=(const CudnnSettings&) = delete;

 private:
  std::unique_lock<std::mutex> lock_;
  bool allowed_tf32_;
  bool went_by_trial_;
};

}  // namespace bigtransfer::devices

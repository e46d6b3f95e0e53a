// PyTorch's settings of the process, by one at a time.
#include "devices/cuda/cudnn_settings.h"

#include <ATen/Context.h>

namespace bigtransfer::devices {
namespace {

std::mutex& one_setting() {
  static auto* const mutex = new std::mutex;
  return *mutex;
}

}  // namespace

CudnnSettings::CudnnSettings(bool allow_tf32, bool by_trial)
    : lock_(one_setting()),
      allowed_tf32_(at::globalContext().allowTF32CuDNN()),
      went_by_trial_(at::globalContext().benchmarkCuDNN()) {
  at::globalContext().setAllowTF32CuDNN(allow_tf32);
  at::globalContext().setBenchmarkCuDNN(by_trial);
}

CudnnSettings::~CudnnSettings() {
  at::globalContext().setAllowTF32CuDNN(allowed_tf32_);
  at::globalContext().setBenchmarkCuDNN(went_by_trial_);
}

}  // namespace bigtransfer::devices

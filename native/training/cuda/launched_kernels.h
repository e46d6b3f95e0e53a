// The kernels for training, launched where somebody says.
#pragma once

#include <functional>

#include "ops/cuda/launch.h"
#include "ops/cuda/norm_plan.h"
#include "training/gpu_kernels.h"

namespace bigtransfer::training {

/// Where kernels are started, and what the device can do.
struct KernelStream {
  ops::cuda::Stream stream;
  ops::cuda::DeviceLimits limits;
};

class LaunchedKernels final : public GpuKernels {
 public:
  /// `current` is asked at each call.
  explicit LaunchedKernels(std::function<KernelStream()> current);

  Normed normalise(const at::Tensor& x, const GpuNorm& norm) const override;
  NormGradients norm_gradient(const at::Tensor& x, const at::Tensor& moments, const GpuNorm& norm,
                              const at::Tensor& gradient) const override;
  Standardized standardize(const at::Tensor& weight, at::ScalarType type) const override;
  at::Tensor standardize_gradient(const at::Tensor& weight, const at::Tensor& moments,
                                  const at::Tensor& gradient) const override;

 private:
  std::function<KernelStream()> current_;
};

}  // namespace bigtransfer::training

// Kernels for training on GPUs, as the CUDA library offers them: norms and weight standardisation,
// each with its way back.
#pragma once

#include <ATen/ATen.h>

namespace bigtransfer::training {

/// A group norm, and the ReLU that may follow.
struct GpuNorm {
  int64_t groups;
  bool relu;
  /// Both [C] in float32, contiguous.
  at::Tensor weight;
  at::Tensor bias;
};

/// Everything is on one GPU, the current one, and is started on its current stream, without waiting
/// for it: it can be captured in a CUDA graph. Results are the same bits each time. Maps are
/// [N, C, H, W] with channels last, in float32, bfloat16 or float16. Throws Error kShape for
/// channels that do not fall into groups, kDevice where a kernel cannot be started.
class GpuKernels {
 public:
  virtual ~GpuKernels() = default;

  struct Normed {
    at::Tensor y;
    /// What the way back needs besides x, [N, groups, 2] in float32.
    at::Tensor moments;
  };
  /// Of x's type.
  virtual Normed normalise(const at::Tensor& x, const GpuNorm& norm) const = 0;

  struct NormGradients {
    /// Of x's type.
    at::Tensor x;
    /// Both [C] in float32.
    at::Tensor weight;
    at::Tensor bias;
  };
  /// `gradient` is that of y, in its type.
  virtual NormGradients norm_gradient(const at::Tensor& x, const at::Tensor& moments,
                                      const GpuNorm& norm, const at::Tensor& gradient) const = 0;

  struct Standardized {
    /// [out, in, kh, kw] with channels last.
    at::Tensor weight;
    /// What the way back needs besides the weight, [out, 2] in float32.
    at::Tensor moments;
  };
  /// To values of `type`; `weight` is [out, in, kh, kw] in float32, contiguous.
  virtual Standardized standardize(const at::Tensor& weight, at::ScalarType type) const = 0;

  /// As `weight` is; `gradient` is that of the standardised one, as that is.
  virtual at::Tensor standardize_gradient(const at::Tensor& weight, const at::Tensor& moments,
                                          const at::Tensor& gradient) const = 0;
};

/// The CUDA library's export that gives its GpuKernels.
inline constexpr const char* kGpuKernelsEntry = "bigtransfer_cuda_kernels";

}  // namespace bigtransfer::training

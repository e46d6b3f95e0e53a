// A convolution with its weights in the form that the kernels read, run on one image at a time.
#pragma once

#include <ATen/ATen.h>

#include "common/aligned_buffer.h"
#include "ops/kernels.h"
#include "ops/pack_weights.h"

namespace bigtransfer::ops {

/// How the product is computed. Winograd's forms are for 3x3 kernels of stride and dilation 1.
enum class ConvAlgorithm { kPointwise, kSpatial, kWinograd2, kWinograd4 };

/// What one run reads and writes; see ConvTask.
struct ConvRun {
  const float* x;
  const float* scale;
  const float* shift;
  const float* residual;
  float* out;
  /// [2][out.pitch]; set, not added to.
  double* sums;
};

class PackedConv {
 public:
  /// `weight` is [out, in, k, k] in float32; it is standardised on the way, then rounded if `type`
  /// is kBFloat16, which kWinograd4 does not have. `kernels` must outlive this.
  PackedConv(const at::Tensor& weight, ConvAlgorithm algorithm, PackedType type,
             const Kernels& kernels);

  /// Uses the threads that the caller may use: all of its OpenMP team, or one within a parallel
  /// region. The sums are added up in as many parts as suit a team of `team` threads, whoever does
  /// them: their last bits depend on `team` alone.
  void run(const ConvGeometry& geometry, const ConvRun& run, int64_t team) const;

  int64_t bytes() const { return weights_.size() * static_cast<int64_t>(sizeof(float)); }

 private:
  int64_t units(const ConvGeometry& geometry) const;
  void run_part(const ConvTask& task) const;

  const ConvKernels* kernels_;
  ConvAlgorithm algorithm_;
  int64_t panels_;
  AlignedBuffer weights_;
};

}  // namespace bigtransfer::ops

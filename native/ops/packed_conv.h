// A convolution with its weights in the form that the kernels read, run on a few images at a time.
#pragma once

#include <ATen/ATen.h>

#include "common/arena.h"
#include "ops/kernels.h"
#include "ops/pack_weights.h"
#include "ops/piece_grid.h"

namespace bigtransfer::ops {

/// How the product is computed. Winograd's forms are for 3x3 kernels of stride and dilation 1.
enum class ConvAlgorithm { kPointwise, kSpatial, kWinograd2, kWinograd4 };

/// Whether this machine has kernels that multiply numbers of this type so.
bool multiplies(at::ScalarType type, ConvAlgorithm algorithm);
/// The type that they multiply fastest; float32 where there are none.
at::ScalarType fastest_factors();

/// What one run reads and writes; see ConvImage. Images lie one after the other, as do what belongs
/// to each: at most kMostConvImages of them.
struct ConvRun {
  int64_t images;
  const float* x;
  const float* scale;
  const float* shift;
  /// As ConvImage's, of all images one after the other.
  const float* addend;
  float* out;
  /// [images][2][out.pitch]; set, not added to.
  double* sums;
};

class PackedConv {
 public:
  /// `weight` is [out, in, k, k] in float32; it is standardised on the way, then rounded to
  /// `type`, which must be one that is multiplied. `arena` must outlive this.
  PackedConv(const at::Tensor& weight, ConvAlgorithm algorithm, at::ScalarType type,
             const Kernels& kernels, Arena& arena);

  /// The same from what is known of the weights. `memory` has room for packed_size() floats, which
  /// must outlive this.
  PackedConv(const RawWeight& weight, ConvAlgorithm algorithm, at::ScalarType type,
             const Kernels& kernels, float* memory);
  static int64_t packed_size(const RawWeight& weight, ConvAlgorithm algorithm, at::ScalarType type,
                             const Kernels& kernels);

  /// Uses the threads of the caller's team. Where sums are rounded depends on the geometry alone,
  /// so that an image's bits are the same on any number of threads and among any others.
  void run(const ConvGeometry& geometry, const ConvRun& run) const;

 private:
  int64_t units(const ConvGeometry& geometry) const;
  /// Parts of an image with sums of their own.
  int64_t cuts(const ConvGeometry& geometry) const;
  /// How all parts and panels fall into pieces.
  PieceGrid piece_grid(int64_t parts, int64_t multiply_adds) const;
  /// Zeroes what the task adds to.
  void clear_sums(const ConvTask& task, double* of_parts) const;

  ConvAlgorithm algorithm_;
  ConvKernels::Function kernel_;
  int64_t panels_;
  /// In the arena.
  float* weights_;
};

}  // namespace bigtransfer::ops

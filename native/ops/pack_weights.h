// Brings a convolution's weights into the forms that the kernels read, standardised on the way.
#pragma once

#include <cstdint>

#include "ops/kernels.h"
#include "ops/standardize_weight.h"

namespace bigtransfer::ops {

/// The weights of a convolution, [out, in, kernel, kernel] in float32, as a checkpoint has them.
struct RawWeight {
  const float* values;
  int64_t out;
  int64_t in;
  int64_t kernel;
  /// Of each output channel; null when they are not known yet.
  const ChannelScaling* scalings;
  /// Whether what is packed is the convolution that leads gradients back at stride 1: from output
  /// to input channels, with its taps the other way round. It needs the scalings.
  bool transposed;

  /// Channels of what is packed.
  int64_t made() const { return transposed ? in : out; }
  int64_t read() const { return transposed ? out : in; }
};

/// Side of Winograd's output tiles, and the points of its transform.
struct WinogradSize {
  int64_t tile;
  int64_t points() const { return (tile + 2) * (tile + 2); }
};

/// Panels of so many output channels, and how input channels stand in their words.
struct PackedForm {
  int64_t panel;
  WordPacking packing;
  PackingKernels kernels;
};

/// Words that the packed forms take.
int64_t packed_direct_size(const RawWeight& weight, PackedForm form);
int64_t packed_winograd_size(const RawWeight& weight, WinogradSize size, PackedForm form);

/// Packs as [panel][ky][kx][words of in][panel's channels], in parallel.
void pack_direct(const RawWeight& weight, PackedForm form, float* packed);

/// Transforms a kernel of 3x3 and packs it as [panel][point][words of in][panel's channels], in
/// parallel.
void pack_winograd(const RawWeight& weight, WinogradSize size, PackedForm form, float* packed);

}  // namespace bigtransfer::ops

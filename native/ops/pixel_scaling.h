// From uint8 pixels to the network's input: rescale and normalise.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

namespace bigtransfer::ops {

/// Scale and statistics of transformers' fused rescale and normalise; absent ones are not applied.
struct PixelScaling {
  std::optional<double> rescale_factor;
  /// One value per channel each, both present or both absent.
  std::optional<std::vector<double>> mean;
  std::optional<std::vector<double>> std;

  bool operator==(const PixelScaling&) const = default;
};

/// Applies the scaling to uint8 [1, C, H, W] of any layout; contiguous, and float32 unless nothing
/// is applied. With both steps on, the statistics are divided by the factor in float32 and the
/// pixels stay whole numbers, as transformers does. Throws Error kImage when the statistics do not
/// fit the channels.
at::Tensor scale_pixels(const at::Tensor& image, const PixelScaling& scaling);

/// What each byte becomes by that scaling: float [channels, 256]. Throws the same; something must
/// be applied.
at::Tensor scaled_levels(int64_t channels, const PixelScaling& scaling);

}  // namespace bigtransfer::ops

// Weight standardisation into the layout and type that the GPU's convolutions take, and the way
// back.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>

#include "ops/cuda/launch.h"

namespace bigtransfer::ops::cuda {

struct StandardizeTask {
  at::ScalarType type;
  int64_t out_channels;
  int64_t in_channels;
  /// Of one kernel: height times width.
  int64_t taps;
  float epsilon;
  /// [out_channels, in_channels, taps].
  const float* weight;
  /// Channels of the input that it is for; those beyond in_channels weigh nothing.
  int64_t pitch;
  /// [out_channels, taps, pitch].
  void* y;
  /// [out_channels, 2]: mean and one over the deviation, for the way back; null for none.
  float* moments;
};

/// (w - mean) / sqrt(variance + epsilon) over each output channel, as ops/standardize_weight.h.
void standardize_weight(const StandardizeTask& task, Stream stream);

struct StandardizeGradientTask {
  /// Of the standardised weights' gradient.
  at::ScalarType type;
  int64_t out_channels;
  int64_t in_channels;
  int64_t taps;
  /// [out_channels, in_channels, taps].
  const float* weight;
  /// As StandardizeTask left them.
  const float* moments;
  /// [out_channels, taps, in_channels].
  const void* gradient;
  /// Of the weight, as it lies.
  float* weight_gradient;
};

void standardize_weight_gradient(const StandardizeGradientTask& task, Stream stream);

}  // namespace bigtransfer::ops::cuda

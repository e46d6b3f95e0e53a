// Weight standardisation into the layout and type that the GPU's convolutions take.
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
};

/// (w - mean) / sqrt(variance + epsilon) over each output channel, as ops/standardize_weight.h.
void standardize_weight(const StandardizeTask& task, Stream stream);

}  // namespace bigtransfer::ops::cuda

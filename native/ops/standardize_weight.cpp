// Plain ATen weight standardisation: batch norm's training statistics over one row per channel.
#include "ops/standardize_weight.h"

#include <array>
#include <cmath>
#include <numeric>

#include "common/error.h"

namespace bigtransfer::ops {
namespace {

/// Sums term(v) over the values, in lanes that the compiler may put side by side in registers.
template <typename Term>
double lane_sum(const float* values, int64_t count, const Term& term) {
  constexpr int64_t kLanes = 8;
  std::array<double, kLanes> lanes{};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane)
      lanes[static_cast<size_t>(lane)] += term(values[i + lane]);
  }
  for (; i < count; ++i) lanes[0] += term(values[i]);
  return std::accumulate(lanes.begin(), lanes.end(), 0.0);
}

}  // namespace

at::Tensor standardize_weight(const at::Tensor& weight) {
  if (weight.dim() != 4 || weight.numel() == 0) {
    throw Error(ErrorCode::kShape, "A convolution kernel must be [out, in, kh, kw] and not empty");
  }
  const at::Tensor rows = weight.reshape({1, weight.size(0), -1});
  return at::batch_norm(rows, {}, {}, {}, {}, /*training=*/true, /*momentum=*/0.0,
                        kWeightStandardizationEps, /*cudnn_enabled=*/false)
      .reshape(weight.sizes());
}

ChannelScaling channel_scaling(const float* weights, int64_t count) {
  const double sum = lane_sum(weights, count, [](float w) { return w; });
  const auto mean = static_cast<float>(sum / static_cast<double>(count));
  const double squares =
      lane_sum(weights, count, [mean](float w) { return (w - mean) * (w - mean); });
  const float variance = static_cast<float>(squares) / static_cast<float>(count);
  const auto scale =
      static_cast<float>(1 / std::sqrt(static_cast<double>(variance) + kWeightStandardizationEps));
  return {scale, -mean * scale};
}

}  // namespace bigtransfer::ops

// Plain ATen weight standardisation: batch norm's training statistics over one row per channel.
#include "ops/standardize_weight.h"

#include <array>
#include <cmath>
#include <numeric>

#include "common/error.h"
#include "common/recycled_memory.h"
#include "common/share_out.h"

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

std::vector<ChannelScaling> channel_scalings(const at::Tensor& weight) {
  const int64_t channels = weight.size(0);
  const int64_t count = weight.numel() / channels;
  const float* weights = weight.const_data_ptr<float>();
  std::vector<ChannelScaling> scalings(static_cast<size_t>(channels));
  share_out(channels, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o)
      scalings[static_cast<size_t>(o)] = channel_scaling(weights + o * count, count);
  });
  return scalings;
}

at::Tensor standardize_weight_gradient(const Kernels& kernels, const at::Tensor& weight,
                                       const std::vector<ChannelScaling>& scalings,
                                       const at::Tensor& gradient) {
  const int64_t out = weight.size(0);
  const int64_t in = weight.size(1);
  const int64_t taps = weight.size(2) * weight.size(3);
  at::Tensor result = empty_recycled(weight.sizes(), at::kFloat);
  const float* weights = weight.const_data_ptr<float>();
  const float* from = gradient.const_data_ptr<float>();
  float* to = result.mutable_data_ptr<float>();
  share_out(out, [&](int64_t begin, int64_t end) {
    std::vector<float> row(static_cast<size_t>(in * taps));
    for (int64_t o = begin; o < end; ++o) {
      for (int64_t tap = 0; taps > 1 && tap < taps; ++tap) {
        const float* of_tap = from + (tap * out + o) * in;
        for (int64_t i = 0; i < in; ++i) row[static_cast<size_t>(i * taps + tap)] = of_tap[i];
      }
      const auto [scale, shift] = scalings[static_cast<size_t>(o)];
      const int64_t first = o * in * taps;
      kernels.packing.standardize_gradient(weights + first, in * taps, scale, shift,
                                           taps > 1 ? row.data() : from + first, to + first);
    }
  });
  return result;
}

}  // namespace bigtransfer::ops

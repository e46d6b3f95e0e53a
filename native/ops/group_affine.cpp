// Statistics from sums where those are exact enough, else from the values once more.
#include "ops/group_affine.h"

#include <cmath>

#include "ops/group_norm_act.h"

namespace bigtransfer::ops {
namespace {

/// Sums of squares hide a variance that is small beside the mean's square: at this ratio the float
/// sums of the kernels still give it to about 1e-5.
constexpr double kWorstRatio = 16;

struct Statistics {
  double mean;
  double variance;
};

/// Two passes over the group's values.
Statistics exactly(const float* x, const ImageShape& shape, int64_t first, int64_t width) {
  const auto each = [&](auto&& visit) {
    for (int64_t pixel = 0; pixel < shape.pixels(); ++pixel) {
      for (int64_t c = first; c < first + width; ++c)
        visit(static_cast<double>(x[pixel * shape.pitch + c]));
    }
  };
  const auto count = static_cast<double>(shape.pixels() * width);
  double sum = 0;
  each([&](double v) { sum += v; });
  const double mean = sum / count;
  double squares = 0;
  each([&](double v) { squares += (v - mean) * (v - mean); });
  return {mean, squares / count};
}

Statistics from_sums(const double* sums, const ImageShape& shape, int64_t first, int64_t width) {
  double sum = 0;
  double squares = 0;
  for (int64_t c = first; c < first + width; ++c) {
    sum += sums[c];
    squares += sums[shape.pitch + c];
  }
  const auto count = static_cast<double>(shape.pixels() * width);
  const double mean = sum / count;
  return {mean, squares / count - mean * mean};
}

}  // namespace

ChannelNorm::ChannelNorm(const at::Tensor& weight_values, const at::Tensor& bias_values,
                         int64_t group_count, int64_t pitch)
    : groups(group_count),
      channels(weight_values.numel()),
      weight(static_cast<size_t>(pitch), 0.0F),
      bias(static_cast<size_t>(pitch), 0.0F) {
  const at::Tensor w = weight_values.contiguous();
  const at::Tensor b = bias_values.contiguous();
  std::copy_n(w.const_data_ptr<float>(), channels, weight.begin());
  std::copy_n(b.const_data_ptr<float>(), channels, bias.begin());
}

void group_affine(const ChannelNorm& norm, const float* x, const ImageShape& shape,
                  const double* sums, float* scale, float* shift) {
  const int64_t width = norm.channels / norm.groups;
  for (int64_t group = 0; group < norm.groups; ++group) {
    const int64_t first = group * width;
    Statistics statistics = from_sums(sums, shape, first, width);
    const double square = statistics.mean * statistics.mean;
    // Squares of floats overflow long before the doubles of exactly() do.
    if (!std::isfinite(statistics.variance) || !(square <= kWorstRatio * statistics.variance))
      statistics = exactly(x, shape, first, width);
    const double inverse = 1 / std::sqrt(statistics.variance + kGroupNormEps);
    for (int64_t c = first; c < first + width; ++c) {
      const auto i = static_cast<size_t>(c);
      scale[c] = static_cast<float>(norm.weight[i] * inverse);
      shift[c] = static_cast<float>(norm.bias[i] - statistics.mean * inverse * norm.weight[i]);
    }
  }
  std::fill(scale + norm.channels, scale + shape.pitch, 0.0F);
  std::fill(shift + norm.channels, shift + shape.pitch, 0.0F);
}

}  // namespace bigtransfer::ops

// ATen's arithmetic (aten/src/ATen/native/cpu/UpSampleKernel.cpp), which is Pillow's
// (libImaging/Resample.c): weights in double, then in as many bits as 16 hold.
#include "ops/resize_taps.h"

#include <algorithm>
#include <cmath>

namespace bigtransfer::ops {
namespace {

/// Largest shift, and one more than the largest weight.
constexpr int kMostBits = 22;
constexpr int kWeightLimit = 1 << 15;
/// The cubic's free parameter.
constexpr double kCubic = -0.5;

double triangle(double x) {
  x = std::abs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

double cubic(double x) {
  x = std::abs(x);
  if (x < 1.0) return ((kCubic + 2.0) * x - (kCubic + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * kCubic;
  return 0.0;
}

struct Filter {
  double (*weight)(double);
  double radius;
};

/// The weights of all outputs of one side, each one's adding up to 1.
struct Windows {
  Windows(int64_t in, int64_t out, const Filter& filter)
      : scale(static_cast<double>(in) / static_cast<double>(out)),
        support(filter.radius * std::max(scale, 1.0)),
        stride(2 * static_cast<int64_t>(std::ceil(support)) + 1),
        first(static_cast<size_t>(out)),
        count(static_cast<size_t>(out)),
        weights(static_cast<size_t>(out * stride)) {
    for (int64_t i = 0; i < out; ++i) fill(in, i, filter);
  }

  double* of(int64_t output) { return weights.data() + output * stride; }

  void fill(int64_t in, int64_t output, const Filter& filter) {
    const double center = scale * (static_cast<double>(output) + 0.5);
    const int64_t begin = std::max<int64_t>(static_cast<int64_t>(center - support + 0.5), 0);
    const int64_t end = std::min<int64_t>(static_cast<int64_t>(center + support + 0.5), in);
    const double inverse = scale >= 1.0 ? 1.0 / scale : 1.0;
    double* weight = of(output);
    double total = 0.0;
    for (int64_t i = begin; i < end; ++i) {
      weight[i - begin] = filter.weight((static_cast<double>(i) - center + 0.5) * inverse);
      total += weight[i - begin];
    }
    if (total != 0.0) {
      for (int64_t t = 0; t < end - begin; ++t) weight[t] /= total;
    }
    first[static_cast<size_t>(output)] = begin;
    count[static_cast<size_t>(output)] = end - begin;
  }

  double scale;
  double support;
  int64_t stride;
  std::vector<int64_t> first;
  std::vector<int64_t> count;
  std::vector<double> weights;
};

/// The most bits with which the largest weight stays below the limit.
int shift_for(double largest) {
  int shift = 0;
  while (shift < kMostBits && static_cast<int>(0.5 + largest * (1 << (shift + 1))) < kWeightLimit)
    ++shift;
  return shift;
}

int16_t rounded(double weight, int shift) {
  const double scaled = weight * (1 << shift);
  return static_cast<int16_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
}

}  // namespace

ResizeTaps resize_taps(int64_t in, int64_t out, int64_t begin, int64_t count, Resample resample,
                       int64_t multiple) {
  const Filter filter = resample == Resample::kBicubic ? Filter{cubic, 2.0} : Filter{triangle, 1.0};
  // All outputs decide on the shift and the taps, not only those that are asked for.
  Windows windows(in, out, filter);
  const double largest = *std::max_element(windows.weights.begin(), windows.weights.end());
  const int64_t most = *std::max_element(windows.count.begin(), windows.count.end());
  ResizeTaps taps;
  taps.taps = (std::max<int64_t>(most, 1) + multiple - 1) / multiple * multiple;
  taps.shift = shift_for(largest);
  taps.first.reserve(static_cast<size_t>(count));
  taps.weights.assign(static_cast<size_t>(count * taps.taps), 0);
  int16_t* to = taps.weights.data();
  for (int64_t i = begin; i < begin + count; ++i, to += taps.taps) {
    taps.first.push_back(static_cast<int32_t>(windows.first[static_cast<size_t>(i)]));
    const double* weights = windows.of(i);
    for (int64_t t = 0; t < windows.count[static_cast<size_t>(i)]; ++t)
      to[t] = rounded(weights[t], taps.shift);
  }
  return taps;
}

}  // namespace bigtransfer::ops

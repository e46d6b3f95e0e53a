// Both packings walk a panel of output channels in blocks of input channels that stay in the cache.
#include "ops/pack_weights.h"

#include <algorithm>
#include <array>
#include <vector>

#include "common/share_out.h"
#include "ops/standardize_weight.h"
#include "ops/winograd_points.h"

namespace bigtransfer::ops {
namespace {

/// Input channels that are transposed at a time: one cache line of a 1x1 kernel's weights.
constexpr int64_t kBlock = 16;

int64_t panels_of(const RawWeight& weight, int64_t panel) {
  return (weight.out + panel - 1) / panel;
}

/// Words for so many input channels and one output channel.
int64_t words_of(int64_t channels, PackedForm form) {
  return (channels + form.packing.channels - 1) / form.packing.channels;
}

/// Puts a panel's values for one input channel into [words of in][panel]; even channels first.
void put(const float* values, int64_t channel, PackedForm form, float* words) {
  float* to = words + channel / form.packing.channels * form.panel;
  form.packing.put(values, form.panel, channel, to);
}

/// One panel's channels, standardised, as [in][ky * kx][panel] in blocks of input channels.
class PanelReader {
 public:
  PanelReader(const RawWeight& weight, int64_t panel, int64_t index)
      : weight_(weight),
        area_(weight.kernel * weight.kernel),
        panel_(panel),
        first_(index * panel),
        live_(std::min(panel, weight.out - first_)),
        block_(static_cast<size_t>(kBlock * area_ * panel), 0.0F) {
    for (int64_t o = 0; o < live_; ++o)
      scalings_.push_back(channel_scaling(row(o), weight.in * area_));
  }

  /// Calls body(channel, its weights [ky * kx][panel]) for every input channel in order.
  template <typename Body>
  void each_channel(const Body& body) {
    for (int64_t begin = 0; begin < weight_.in; begin += kBlock) {
      const int64_t count = std::min(kBlock, weight_.in - begin);
      read(begin, count);
      for (int64_t c = 0; c < count; ++c) body(begin + c, block_.data() + c * area_ * panel_);
    }
  }

 private:
  const float* row(int64_t o) const { return weight_.values + (first_ + o) * weight_.in * area_; }

  void read(int64_t begin, int64_t count) {
    for (int64_t o = 0; o < live_; ++o) {
      const ChannelScaling standardised = scalings_[static_cast<size_t>(o)];
      const float* from = row(o) + begin * area_;
      float* to = block_.data() + o;
      for (int64_t i = 0; i < count * area_; ++i) to[i * panel_] = standardised(from[i]);
    }
  }

  RawWeight weight_;
  int64_t area_;
  int64_t panel_;
  int64_t first_;
  /// Channels that the last panel has; the others of its block stay zero.
  int64_t live_;
  std::vector<ChannelScaling> scalings_;
  std::vector<float> block_;
};

/// Calls body(reader, index) for every panel, on the threads of the caller's team.
template <typename Body>
void each_panel(const RawWeight& weight, int64_t panel, const Body& body) {
  share_out(panels_of(weight, panel), [&](int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index) {
      PanelReader reader(weight, panel, index);
      body(reader, index);
    }
  });
}

/// Rows of Winograd's G, one per point along a side: (tile + 2) x 3.
using Generator = std::vector<std::array<double, 3>>;

Generator generator(WinogradSize size) {
  if (size.tile == 2) return {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
  constexpr double kInnerSquare = kInnerPoint * kInnerPoint;
  constexpr double kOuterSquare = kOuterPoint * kOuterPoint;
  Generator rows{{1 / (kInnerSquare * kOuterSquare), 0, 0}};
  const auto add_pair = [&](double point, double other_square, double scale) {
    const double square = point * point;
    const double factor = scale / (2 * square * (square - other_square));
    for (const double at : {point, -point}) rows.push_back({factor, factor * at, factor * square});
  };
  // The scales leave the fewest factors to the transform of the output.
  add_pair(kInnerPoint, kOuterSquare, kInnerPoint);
  add_pair(kOuterPoint, kInnerSquare, kOuterSquare);
  rows.push_back({0, 0, 1});
  return rows;
}

/// G k G^T of the kernels k of a panel, [3 * 3][panel], for one input channel.
class KernelTransform {
 public:
  KernelTransform(WinogradSize size, int64_t panel)
      : generator_(generator(size)), panel_(panel), half_(static_cast<size_t>(3 * panel)) {}

  /// Writes [point][panel].
  void operator()(const float* kernels, float* to) {
    for (const auto& y : generator_) {
      for (int64_t i = 0; i < 3 * panel_; ++i) {
        half_[static_cast<size_t>(i)] = y[0] * static_cast<double>(kernels[i]) +
                                        y[1] * static_cast<double>(kernels[3 * panel_ + i]) +
                                        y[2] * static_cast<double>(kernels[6 * panel_ + i]);
      }
      for (const auto& x : generator_) {
        const double* half = half_.data();
        for (int64_t o = 0; o < panel_; ++o) {
          to[o] = static_cast<float>(x[0] * half[o] + x[1] * half[panel_ + o] +
                                     x[2] * half[2 * panel_ + o]);
        }
        to += panel_;
      }
    }
  }

 private:
  Generator generator_;
  int64_t panel_;
  /// One row of G k, [3][panel].
  std::vector<double> half_;
};

}  // namespace

int64_t packed_direct_size(const RawWeight& weight, PackedForm form) {
  const int64_t taps = weight.kernel * weight.kernel;
  return panels_of(weight, form.panel) * taps * words_of(weight.in, form) * form.panel;
}

int64_t packed_winograd_size(const RawWeight& weight, WinogradSize size, PackedForm form) {
  return panels_of(weight, form.panel) * size.points() * words_of(weight.in, form) * form.panel;
}

void pack_direct(const RawWeight& weight, PackedForm form, float* packed) {
  const int64_t area = weight.kernel * weight.kernel;
  const int64_t tap_words = words_of(weight.in, form) * form.panel;
  each_panel(weight, form.panel, [&](PanelReader& reader, int64_t index) {
    float* to = packed + index * area * tap_words;
    reader.each_channel([&](int64_t c, const float* taps) {
      for (int64_t tap = 0; tap < area; ++tap)
        put(taps + tap * form.panel, c, form, to + tap * tap_words);
    });
  });
}

void pack_winograd(const RawWeight& weight, WinogradSize size, PackedForm form, float* packed) {
  const int64_t point_words = words_of(weight.in, form) * form.panel;
  each_panel(weight, form.panel, [&](PanelReader& reader, int64_t index) {
    KernelTransform transform(size, form.panel);
    std::vector<float> points(static_cast<size_t>(size.points() * form.panel));
    float* to = packed + index * size.points() * point_words;
    reader.each_channel([&](int64_t c, const float* kernels) {
      transform(kernels, points.data());
      for (int64_t point = 0; point < size.points(); ++point)
        put(points.data() + point * form.panel, c, form, to + point * point_words);
    });
  });
}

}  // namespace bigtransfer::ops

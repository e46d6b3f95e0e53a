// Both packings walk a panel of output channels in blocks of input channels that stay in the cache.
#include "ops/pack_weights.h"

#include <algorithm>
#include <array>
#include <vector>

#include "common/share_out.h"
#include "ops/winograd_points.h"

namespace bigtransfer::ops {
namespace {

/// Input channels that are transposed at a time: one cache line of a 1x1 kernel's weights.
constexpr int64_t kBlock = 16;
/// Blocks that are asked for ahead of their turn.
constexpr int64_t kBlocksAhead = 2;

int64_t panels_of(const RawWeight& weight, int64_t panel) {
  return (weight.made() + panel - 1) / panel;
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
  PanelReader(const RawWeight& weight, PackedForm form, int64_t index)
      : kernels_(form.kernels),
        weight_(weight),
        area_(weight.kernel * weight.kernel),
        panel_(form.panel),
        first_(index * panel_),
        live_(std::min(panel_, weight.made() - first_)),
        row_(static_cast<size_t>(std::max(kBlock, panel_) * area_)),
        block_(static_cast<size_t>(kBlock * area_ * panel_), 0.0F) {
    if (weight.transposed) return;
    for (int64_t o = 0; o < live_; ++o)
      scalings_.push_back(weight.scalings ? weight.scalings[first_ + o]
                                          : channel_scaling(row(first_ + o), weight.in * area_));
  }

  /// Calls body(channel, its weights [ky * kx][panel]) for every input channel in order.
  template <typename Body>
  void each_channel(const Body& body) {
    for (int64_t begin = 0; begin < weight_.read(); begin += kBlock) {
      const int64_t count = std::min(kBlock, weight_.read() - begin);
      if (weight_.transposed) {
        read_transposed(begin, count);
      } else {
        read(begin, count);
      }
      for (int64_t c = 0; c < count; ++c) body(begin + c, block_.data() + c * area_ * panel_);
    }
  }

 private:
  const float* row(int64_t o) const { return weight_.values + o * weight_.in * area_; }

  void read(int64_t begin, int64_t count) {
    for (int64_t o = 0; o < live_; ++o) {
      const float* values = row(first_ + o) + begin * area_;
      ask_for(values + kBlocksAhead * kBlock * area_, kBlock * area_);
      standardize(values, count * area_, scalings_[static_cast<size_t>(o)], row_.data());
      float* to = block_.data() + o;
      for (int64_t i = 0; i < count * area_; ++i) to[i * panel_] = row_[static_cast<size_t>(i)];
    }
  }

  void read_transposed(int64_t begin, int64_t count) {
    for (int64_t c = 0; c < count; ++c) {
      float* to = area_ == 1 ? block_.data() + c * panel_ : row_.data();
      ask_for(row(begin + c + kBlock) + first_ * area_, live_ * area_);
      standardize(row(begin + c) + first_ * area_, live_ * area_, weight_.scalings[begin + c], to);
      if (area_ == 1) continue;
      const float* from = row_.data();
      for (int64_t tap = area_; tap-- > 0; ++from) {
        to = block_.data() + (c * area_ + tap) * panel_;
        for (int64_t o = 0; o < live_; ++o) to[o] = from[o * area_];
      }
    }
  }

  /// Has values brought near that are read later, which may lie beyond the weights: the processor
  /// does not foresee so many rows.
  static void ask_for(const float* values, int64_t count) {
    constexpr int64_t kLine = 64 / sizeof(float);
    for (int64_t i = 0; i < count; i += kLine) __builtin_prefetch(values + i);
  }

  void standardize(const float* values, int64_t count, const ChannelScaling& scaling,
                   float* to) const {
    kernels_.standardize(values, count, scaling.scale, scaling.shift, to);
  }

  PackingKernels kernels_;
  RawWeight weight_;
  int64_t area_;
  int64_t panel_;
  int64_t first_;
  /// Channels that the last panel has; the others of its block stay zero.
  int64_t live_;
  std::vector<ChannelScaling> scalings_;
  /// Standardised weights in the order of a checkpoint.
  std::vector<float> row_;
  std::vector<float> block_;
};

/// Calls body(reader, index) for every panel, on the threads of the caller's team.
template <typename Body>
void each_panel(const RawWeight& weight, PackedForm form, const Body& body) {
  share_out(panels_of(weight, form.panel), [&](int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index) {
      PanelReader reader(weight, form, index);
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

}  // namespace

int64_t packed_direct_size(const RawWeight& weight, PackedForm form) {
  const int64_t taps = weight.kernel * weight.kernel;
  return panels_of(weight, form.panel) * taps * words_of(weight.read(), form) * form.panel;
}

int64_t packed_winograd_size(const RawWeight& weight, WinogradSize size, PackedForm form) {
  return panels_of(weight, form.panel) * size.points() * words_of(weight.read(), form) * form.panel;
}

void pack_direct(const RawWeight& weight, PackedForm form, float* packed) {
  const int64_t area = weight.kernel * weight.kernel;
  const int64_t tap_words = words_of(weight.read(), form) * form.panel;
  each_panel(weight, form, [&](PanelReader& reader, int64_t index) {
    float* to = packed + index * area * tap_words;
    reader.each_channel([&](int64_t c, const float* taps) {
      for (int64_t tap = 0; tap < area; ++tap)
        put(taps + tap * form.panel, c, form, to + tap * tap_words);
    });
  });
}

void pack_winograd(const RawWeight& weight, WinogradSize size, PackedForm form, float* packed) {
  const int64_t point_words = words_of(weight.read(), form) * form.panel;
  const Generator rows = generator(size);
  each_panel(weight, form, [&](PanelReader& reader, int64_t index) {
    std::vector<float> points(static_cast<size_t>(size.points() * form.panel));
    float* to = packed + index * size.points() * point_words;
    reader.each_channel([&](int64_t c, const float* kernels) {
      form.kernels.transform(rows.front().data(), size.tile + 2, form.panel, kernels,
                             points.data());
      for (int64_t point = 0; point < size.points(); ++point)
        put(points.data() + point * form.panel, c, form, to + point * point_words);
    });
  });
}

}  // namespace bigtransfer::ops

// Convolutions as products of matrices, the left one gathered by pointers instead of copies.
#pragma once

#include <array>
#include <vector>

#include "ops/cpu/matrix_tile.h"
#include "ops/cpu/scratch.h"
#include "ops/kernels.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// Normalised input that a block of pixels works on: so much stays in a second-level cache.
inline constexpr int64_t kDirectInputBytes = 192 * 1024;
/// Depth of the product per pass in words: a panel's weights for it stay in a first-level cache.
inline constexpr int64_t kDepth = kLanes == 16 ? 128 : 256;
/// Weights of neighbouring panels that are used in turn, so that a shallow product writes longer
/// stretches of a pixel.
inline constexpr int64_t kGroupWords = 6 * 1024;
inline constexpr int64_t kMostGrouped = 8;
/// Float sums over more pixels than this would lose digits.
inline constexpr int64_t kMostPixels = 192;

/// A stretch of the product's depth: some segments and the words of weights that belong to them.
struct Pass {
  int first_segment;
  int segment_count;
  int64_t weight_offset;
};

/// The whole depth of the product, in passes.
template <typename Element>
struct Depth {
  std::vector<Segment> segments;
  std::vector<Pass> passes;
  /// In words.
  int64_t total = 0;

  /// The next `values`, a whole number of words, at `offset`.
  void add(int64_t offset, int64_t values) {
    int64_t words = values / Element::kPack;
    while (words > 0) {
      if (passes.empty() || in_pass_ >= kDepth) {
        passes.push_back({static_cast<int>(segments.size()), 0, total * kPanel});
        in_pass_ = 0;
      }
      const int64_t part = std::min(words, kDepth - in_pass_);
      segments.push_back({offset, part});
      ++passes.back().segment_count;
      offset += part * Element::kPack;
      words -= part;
      in_pass_ += part;
      total += part;
    }
  }

 private:
  int64_t in_pass_ = 0;
};

/// Some neighbouring panels for `count` output pixels, the first of which is `pixel`.
template <typename Element>
void multiply_panels(const ConvTask& task, const Depth<Element>& depth,
                     const typename Element::Value* const* rows, int64_t pixel, int64_t count,
                     int64_t first_panel, int64_t panels) {
  const int64_t pitch = task.geometry->out.pitch;
  std::array<PanelSums, kMostGrouped> sums{};
  for (const Pass& pass : depth.passes) {
    const bool last = &pass == &depth.passes.back();
    for (int64_t begin = 0; begin < count;) {
      const int64_t end = part_end(begin, count, kRows);
      for (int64_t i = 0; i < panels; ++i) {
        const int64_t panel = first_panel + i;
        const int64_t at = (pixel + begin) * pitch + panel * kPanel;
        multiply(static_cast<int>(end - begin),
                 Tile<Element>{
                     .rows = rows + begin,
                     .segments = depth.segments.data() + pass.first_segment,
                     .segment_count = pass.segment_count,
                     .weights = task.weights + panel * depth.total * kPanel + pass.weight_offset,
                     .out = task.out + at,
                     .residual = last && task.residual ? task.residual + at : nullptr,
                     .pitch = pitch,
                     .first = &pass == &depth.passes.front()},
                 last ? &sums[i] : nullptr);
      }
      begin = end;
    }
  }
  for (int64_t i = 0; i < panels; ++i) add_sums(task.sums, pitch, first_panel + i, sums[i]);
}

/// All panels of the task for the output pixels from `pixel`, whose inputs are at `rows`.
template <typename Element>
void multiply_block(const ConvTask& task, const Depth<Element>& depth,
                    const typename Element::Value* const* rows, int64_t pixel, int64_t count) {
  const int64_t pass_words = std::min(depth.total, kDepth) * kPanel;
  const int64_t group = std::clamp<int64_t>(kGroupWords / pass_words, 1, kMostGrouped);
  for (int64_t begin = 0; begin < count;) {
    const int64_t end = part_end(begin, count, kMostPixels);
    for (int64_t panel = task.panel_begin; panel < task.panel_end; panel += group) {
      multiply_panels(task, depth, rows + begin, pixel + begin, end - begin, panel,
                      std::min(group, task.panel_end - panel));
    }
    begin = end;
  }
}

inline int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

/// One pixel's channels, normalised, and zeros to the end of the last word. With a norm it writes
/// whole vectors: both sides have room for the pitch.
template <typename Element>
inline void prepare(const ConvTask& task, const float* from, typename Element::Value* to) {
  const int64_t channels = task.geometry->in.channels;
  if (!task.scale) {
    Element::copy(from, channels, to);
    std::fill(to + channels, to + round_up(channels, Element::kPack), 0);
    return;
  }
  for (int64_t c = 0; c < channels; c += kLanes)
    Element::put(to + c, relu(load(from + c) * load(task.scale + c) + load(task.shift + c)));
}

/// This thread's memory for so many values.
template <typename Element>
typename Element::Value* input_scratch(int64_t values) {
  return reinterpret_cast<typename Element::Value*>(
      scratch(kInputScratch, round_up(values, Element::kPack) / Element::kPack));
}

template <typename Element>
void pointwise(const ConvTask& task) {
  using Value = typename Element::Value;
  const ConvGeometry& g = *task.geometry;
  Depth<Element> depth;
  depth.add(0, round_up(g.in.channels, Element::kPack));
  // A cache line more than the values: rows whose distance is a power of two share cache sets.
  const int64_t row = round_up(g.in.channels, kPanel) + 16 * Element::kPack;
  const int64_t fitting = kDirectInputBytes / (row * static_cast<int64_t>(sizeof(Value)));
  const int64_t most = std::clamp<int64_t>(fitting / kRows * kRows, 2 * kRows, kMostPixels);
  Value* input = input_scratch<Element>(most * row);
  std::array<const Value*, kMostPixels> rows;
  for (int64_t r = 0; r < most; ++r) rows[r] = input + r * row;
  for (int64_t begin = task.unit_begin; begin < task.unit_end;) {
    const int64_t end = part_end(begin, task.unit_end, most);
    const int64_t count = end - begin;
    for (int64_t r = 0; r < count; ++r) {
      const int64_t y = (begin + r) / g.out.width * g.stride;
      const int64_t x = (begin + r) % g.out.width * g.stride;
      prepare<Element>(task, task.x + (y * g.in.width + x) * g.in.pitch, input + r * row);
    }
    multiply_block(task, depth, rows.data(), begin, count);
    begin = end;
  }
}

/// Rows of the input, normalised and with their padding, that some rows of the output need.
template <typename Element>
struct Band {
  using Value = typename Element::Value;

  int64_t width;
  /// Values from one pixel to the next.
  int64_t pixel;

  /// Fills it for the output rows from `begin` to `end`.
  void fill(const ConvTask& task, Value* band, int64_t begin, int64_t end) const {
    const ConvGeometry& g = *task.geometry;
    const int64_t reach = g.dilation * (g.kernel - 1);
    const int64_t top = begin * g.stride - g.pad_top;
    const int64_t rows = (end - 1 - begin) * g.stride + reach + 1;
    for (int64_t r = 0; r < rows; ++r) fill_row(task, band + r * width * pixel, top + r);
  }

 private:
  void fill_row(const ConvTask& task, Value* to, int64_t y) const {
    const ConvGeometry& g = *task.geometry;
    const auto zero = [&](int64_t from, int64_t until) {
      if (until > from) std::fill(to + from * pixel, to + until * pixel, Value{0});
    };
    if (y < 0 || y >= g.in.height) return zero(0, width);
    const int64_t inside = std::min(g.in.width, width - g.pad_left);
    zero(0, g.pad_left);
    const float* from = task.x + y * g.in.width * g.in.pitch;
    if (!task.scale && pixel == g.in.pitch) {
      Element::copy(from, inside * pixel, to + g.pad_left * pixel);
    } else {
      for (int64_t x = 0; x < inside; ++x)
        prepare<Element>(task, from + x * g.in.pitch, to + (g.pad_left + x) * pixel);
    }
    zero(g.pad_left + inside, width);
  }
};

template <typename Element>
void spatial(const ConvTask& task) {
  using Value = typename Element::Value;
  const ConvGeometry& g = *task.geometry;
  const int64_t reach = g.dilation * (g.kernel - 1);
  const int64_t live = round_up(g.in.channels, Element::kPack);
  // Without a norm pixels are copied as they are, and lie without gaps.
  const int64_t pixel = task.scale ? round_up(g.in.channels, kLanes) : live;
  const Band<Element> band{(g.out.width - 1) * g.stride + reach + 1, pixel};
  Depth<Element> depth;
  for (int64_t ky = 0; ky < g.kernel; ++ky) {
    const int64_t line = ky * g.dilation * band.width;
    if (g.dilation == 1 && pixel == live) {
      depth.add(line * pixel, g.kernel * pixel);
      continue;
    }
    for (int64_t kx = 0; kx < g.kernel; ++kx) depth.add((line + kx * g.dilation) * pixel, live);
  }
  const int64_t line_bytes = band.width * pixel * static_cast<int64_t>(sizeof(Value));
  const int64_t fitting = (kDirectInputBytes / line_bytes - reach) / g.stride;
  const int64_t most = std::clamp<int64_t>(fitting, 4, std::max<int64_t>(g.out.height, 4));
  Value* input =
      input_scratch<Element>(((most - 1) * g.stride + reach + 1) * band.width * pixel + kPanel);
  std::vector<const Value*> rows(static_cast<size_t>(most * g.out.width));
  for (int64_t r = 0; r < most * g.out.width; ++r) {
    const int64_t y = r / g.out.width * g.stride;
    const int64_t x = r % g.out.width * g.stride;
    rows[static_cast<size_t>(r)] = input + (y * band.width + x) * pixel;
  }
  for (int64_t begin = task.unit_begin; begin < task.unit_end;) {
    const int64_t end = part_end(begin, task.unit_end, most);
    band.fill(task, input, begin, end);
    multiply_block(task, depth, rows.data(), begin * g.out.width, (end - begin) * g.out.width);
    begin = end;
  }
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

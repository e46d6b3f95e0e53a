// Convolutions as products of matrices, the left one gathered by pointers instead of copies.
#include <array>
#include <vector>

#include "ops/cpu/kernels.h"
#include "ops/cpu/matrix_tile.h"
#include "ops/cpu/scratch.h"
#include "ops/kernels.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {
namespace {

/// Normalised input that a block of pixels works on: so much stays in a second-level cache.
constexpr int64_t kInputBytes = 192 * 1024;
/// Depth of the product per pass: a panel's weights for it stay in a first-level cache.
constexpr int64_t kDepth = kLanes == 16 ? 128 : 256;
/// Weights of neighbouring panels that are used in turn, so that a shallow product writes longer
/// stretches of a pixel.
constexpr int64_t kGroupFloats = 6 * 1024;
constexpr int64_t kMostGrouped = 8;
/// Float sums over more pixels than this would lose digits.
constexpr int64_t kMostPixels = 192;

/// A stretch of the product's depth: some segments and the weights that belong to them.
struct Pass {
  int first_segment;
  int segment_count;
  int64_t weight_offset;
};

/// The whole depth of the product, in passes.
struct Depth {
  std::vector<Segment> segments;
  std::vector<Pass> passes;
  int64_t total = 0;

  void add(int64_t offset, int64_t length) {
    while (length > 0) {
      if (passes.empty() || in_pass_ >= kDepth) {
        passes.push_back({static_cast<int>(segments.size()), 0, total * kPanel});
        in_pass_ = 0;
      }
      const int64_t part = std::min(length, kDepth - in_pass_);
      segments.push_back({offset, part});
      ++passes.back().segment_count;
      offset += part;
      length -= part;
      in_pass_ += part;
      total += part;
    }
  }

 private:
  int64_t in_pass_ = 0;
};

/// Some neighbouring panels for `count` output pixels, the first of which is `pixel`.
void multiply_panels(const ConvTask& task, const Depth& depth, const float* const* rows,
                     int64_t pixel, int64_t count, int64_t first_panel, int64_t panels) {
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
                 {.rows = rows + begin,
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
void multiply_block(const ConvTask& task, const Depth& depth, const float* const* rows,
                    int64_t pixel, int64_t count) {
  const int64_t pass_floats = std::min(depth.total, kDepth) * kPanel;
  const int64_t group = std::clamp<int64_t>(kGroupFloats / pass_floats, 1, kMostGrouped);
  for (int64_t begin = 0; begin < count;) {
    const int64_t end = part_end(begin, count, kMostPixels);
    for (int64_t panel = task.panel_begin; panel < task.panel_end; panel += group) {
      multiply_panels(task, depth, rows + begin, pixel + begin, end - begin, panel,
                      std::min(group, task.panel_end - panel));
    }
    begin = end;
  }
}

/// One pixel's channels, normalised. Copies whole vectors: both sides have room for the pitch.
inline void prepare(const ConvTask& task, const float* from, float* to, int64_t channels) {
  if (!task.scale) {
    std::memcpy(to, from, static_cast<size_t>(channels) * sizeof(float));
    return;
  }
  for (int64_t c = 0; c < channels; c += kLanes)
    store(to + c, relu(load(from + c) * load(task.scale + c) + load(task.shift + c)));
}

int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

void pointwise(const ConvTask& task) {
  const ConvGeometry& g = *task.geometry;
  Depth depth;
  depth.add(0, g.in.channels);
  // A cache line more than the values: rows whose distance is a power of two share cache sets.
  const int64_t row = round_up(g.in.channels, kPanel) + 16;
  const int64_t fitting = kInputBytes / (row * static_cast<int64_t>(sizeof(float)));
  const int64_t most = std::clamp<int64_t>(fitting / kRows * kRows, 2 * kRows, kMostPixels);
  float* input = scratch(kInputScratch, most * row);
  std::array<const float*, kMostPixels> rows;
  for (int64_t r = 0; r < most; ++r) rows[r] = input + r * row;
  for (int64_t begin = task.unit_begin; begin < task.unit_end;) {
    const int64_t end = part_end(begin, task.unit_end, most);
    const int64_t count = end - begin;
    for (int64_t r = 0; r < count; ++r) {
      const int64_t y = (begin + r) / g.out.width * g.stride;
      const int64_t x = (begin + r) % g.out.width * g.stride;
      prepare(task, task.x + (y * g.in.width + x) * g.in.pitch, input + r * row, g.in.channels);
    }
    multiply_block(task, depth, rows.data(), begin, count);
    begin = end;
  }
}

namespace {

/// Rows of the input, normalised and with their padding, that some rows of the output need.
struct Band {
  int64_t width;
  /// Floats from one pixel to the next.
  int64_t pixel;

  /// Fills it for the output rows from `begin` to `end`.
  void fill(const ConvTask& task, float* band, int64_t begin, int64_t end) const {
    const ConvGeometry& g = *task.geometry;
    const int64_t reach = g.dilation * (g.kernel - 1);
    const int64_t top = begin * g.stride - g.pad_top;
    const int64_t rows = (end - 1 - begin) * g.stride + reach + 1;
    for (int64_t r = 0; r < rows; ++r) fill_row(task, band + r * width * pixel, top + r);
  }

 private:
  void fill_row(const ConvTask& task, float* to, int64_t y) const {
    const ConvGeometry& g = *task.geometry;
    const auto zero = [&](int64_t from, int64_t until) {
      if (until > from) std::fill(to + from * pixel, to + until * pixel, 0.0F);
    };
    if (y < 0 || y >= g.in.height) return zero(0, width);
    const int64_t inside = std::min(g.in.width, width - g.pad_left);
    zero(0, g.pad_left);
    const float* from = task.x + y * g.in.width * g.in.pitch;
    if (!task.scale && pixel == g.in.pitch) {
      std::memcpy(to + g.pad_left * pixel, from,
                  static_cast<size_t>(inside * pixel) * sizeof(float));
    } else {
      for (int64_t x = 0; x < inside; ++x)
        prepare(task, from + x * g.in.pitch, to + (g.pad_left + x) * pixel, g.in.channels);
    }
    zero(g.pad_left + inside, width);
  }
};

}  // namespace

void spatial(const ConvTask& task) {
  const ConvGeometry& g = *task.geometry;
  const int64_t reach = g.dilation * (g.kernel - 1);
  // Without a norm pixels are copied as they are, and lie without gaps.
  const int64_t pixel = task.scale ? round_up(g.in.channels, kLanes) : g.in.channels;
  const Band band{(g.out.width - 1) * g.stride + reach + 1, pixel};
  Depth depth;
  for (int64_t ky = 0; ky < g.kernel; ++ky) {
    const int64_t line = ky * g.dilation * band.width;
    if (g.dilation == 1 && pixel == g.in.channels) {
      depth.add(line * pixel, g.kernel * pixel);
      continue;
    }
    for (int64_t kx = 0; kx < g.kernel; ++kx)
      depth.add((line + kx * g.dilation) * pixel, g.in.channels);
  }
  const int64_t line_bytes = band.width * pixel * static_cast<int64_t>(sizeof(float));
  const int64_t fitting = (kInputBytes / line_bytes - reach) / g.stride;
  const int64_t most = std::clamp<int64_t>(fitting, 4, std::max<int64_t>(g.out.height, 4));
  float* input =
      scratch(kInputScratch, ((most - 1) * g.stride + reach + 1) * band.width * pixel + kPanel);
  std::vector<const float*> rows(static_cast<size_t>(most * g.out.width));
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

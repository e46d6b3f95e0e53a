// The gradient of 3x3 weights by Winograd's minimal filtering: what winograd.h computes,
// transposed. Tiles of the input and of the output's gradient are transformed and multiplied point
// by point; sums of the products over tiles are transformed into taps.
#pragma once

#include <algorithm>
#include <array>

#include "ops/cpu/blocks.h"
#include "ops/cpu/float32_element.h"
#include "ops/cpu/outer_products.h"
#include "ops/cpu/scratch.h"
#include "ops/cpu/weight_gradient.h"
#include "ops/cpu/winograd_transforms.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// Tiles that are worked on at once: few enough that their points stay near.
inline constexpr int64_t kGradientTiles = 4 * kLanes;

/// A task's sums, block of tiles by block of tiles, in float32.
class WinogradGradient {
 public:
  static constexpr int kSide = 4;
  static constexpr int kReach = kSide + 2;
  static constexpr int kPoints = kReach * kReach;

  static bool fits(const ConvGeometry& g) {
    return g.kernel == 3 && g.stride == 1 && g.dilation == 1;
  }

  explicit WinogradGradient(const WeightGradientTask& task)
      : task_(task),
        g_(*task.geometry),
        tiles_(tiles_of<kSide>(g_.out)),
        channels_(task.channel_end - task.channel_begin) {}

  void run() {
    bool adds = task_.adds;
    for (int64_t tile = task_.unit_begin; tile < task_.unit_end;) {
      const int64_t next = part_end(tile, task_.unit_end, kGradientTiles);
      run_block(tile, next, adds);
      tile = next;
      adds = true;
    }
  }

 private:
  /// Tiles are counted through all images.
  void run_block(int64_t begin, int64_t end, bool adds) {
    const int64_t count = end - begin;
    float* gradient = scratch(kProductScratch, kPoints * channels_ * (count + kPanel));
    float* products = gradient + kPoints * channels_ * count;
    for (int64_t i = 0; i < count; ++i)
      transform_gradient(begin + i, count, gradient + i * kGradientRows);
    float* input = scratch(kInputScratch, kPoints * count * kPanel);
    const std::array<Run, 1> all{{{0, 0, count}}};
    for (int64_t c = 0; c < g_.in.pitch; c += kPanel) {
      for (int64_t i = 0; i < count; ++i) transform_input(begin + i, c, count, input + i * kPanel);
      for (int point = 0; point < kPoints; ++point) {
        for (int64_t row = 0; row < channels_; row += kGradientRows) {
          outer_products<Float32>(all, gradient + (point * channels_ + row) * count,
                                  input + point * count * kPanel,
                                  products + (point * channels_ + row) * kPanel, kPanel,
                                  /*adds=*/false);
        }
      }
      for (int64_t row = 0; row < channels_; ++row) transform_sums(products, row, c, adds);
    }
  }

  /// As [point][kGradientRows of the channels][tile][kGradientRows].
  void transform_gradient(int64_t tile, int64_t count, float* to) const {
    const int64_t image = tile / tiles_;
    const auto [top, left] = tile_corner<kSide>(g_.out, tile % tiles_);
    const float* from = task_.gradient + task_.channel_begin +
                        (image * g_.out.pixels() + top * g_.out.width + left) * g_.out.pitch;
    const int64_t height = std::min<int64_t>(kSide, g_.out.height - top);
    const int64_t width = std::min<int64_t>(kSide, g_.out.width - left);
    for (int64_t c = 0; c < channels_; c += kLanes) {
      std::array<std::array<Vec, kReach>, kSide> columns{};
      for (int64_t x = 0; x < width; ++x) {
        std::array<Vec, kSide> column{};
        for (int64_t y = 0; y < height; ++y)
          column[y] = load(from + (y * g_.out.width + x) * g_.out.pitch + c);
        columns[x] = Transform<kSide>::gradient(column);
      }
      for (int y = 0; y < kReach; ++y) {
        std::array<Vec, kSide> line;
        for (int x = 0; x < kSide; ++x) line[x] = columns[x][y];
        const std::array<Vec, kReach> points = Transform<kSide>::gradient(line);
        for (int x = 0; x < kReach; ++x)
          put_rows(points[x], to + ((y * kReach + x) * channels_ + c) * count, count);
      }
    }
  }

  static void put_rows(Vec values, float* to, int64_t count) {
    float each[kLanes];
    store(each, values);
    for (int part = 0; part < kLanes; part += kGradientRows)
      std::copy_n(each + part, kGradientRows, to + part * count);
  }

  /// A panel from channel c on, as [point][tile][kPanel].
  void transform_input(int64_t tile, int64_t c, int64_t count, float* to) const {
    const int64_t image = tile / tiles_;
    const TilePixels<kSide> pixels =
        input_pixels<kSide>(g_, task_.x + image * g_.in.pixels() * g_.in.pitch, tile % tiles_);
    const int64_t first = image * g_.in.pitch;
    for (int v = 0; v < kVectors; ++v) {
      const auto put = [&](int point, Vec value) {
        store(to + point * count * kPanel + v * kLanes, value);
      };
      const int64_t channel = c + v * kLanes;
      if (task_.scale) {
        input_points<kSide, true>(pixels, channel, task_.scale + first, task_.shift + first, put);
      } else {
        input_points<kSide, false>(pixels, channel, nullptr, nullptr, put);
      }
    }
  }

  /// Taps of an output channel and a panel from input channel c on.
  void transform_sums(const float* products, int64_t row, int64_t c, bool adds) const {
    for (int v = 0; v < kVectors; ++v) {
      std::array<std::array<Vec, 3>, kReach> columns;
      for (int x = 0; x < kReach; ++x) {
        std::array<Vec, kReach> column;
        for (int y = 0; y < kReach; ++y)
          column[y] = load(products + ((y * kReach + x) * channels_ + row) * kPanel + v * kLanes);
        columns[x] = Transform<kSide>::taps(column);
      }
      const int64_t channel = task_.channel_begin + row;
      float* to = task_.sums + channel * g_.in.pitch + c + v * kLanes;
      for (int ky = 0; ky < 3; ++ky) {
        std::array<Vec, kReach> line;
        for (int x = 0; x < kReach; ++x) line[x] = columns[x][ky];
        const std::array<Vec, 3> taps = Transform<kSide>::taps(line);
        for (int kx = 0; kx < 3; ++kx) {
          float* tap = to + (ky * 3 + kx) * g_.out.pitch * g_.in.pitch;
          store(tap, adds ? load(tap) + taps[kx] : taps[kx]);
        }
      }
    }
  }

  const WeightGradientTask& task_;
  const ConvGeometry& g_;
  /// Of an image.
  int64_t tiles_;
  int64_t channels_;
};

/// WeightGradientTask for products of this type. Winograd's are of float32 all the same: they are
/// so few that no other type is faster.
template <typename Element>
void weight_gradient(const WeightGradientTask& task) {
  if (WinogradGradient::fits(*task.geometry)) {
    WinogradGradient(task).run();
  } else {
    WeightGradient<Element>(task).run();
  }
}

inline GradientUnits gradient_units(const ConvGeometry& g) {
  if (WinogradGradient::fits(g))
    return {tiles_of<WinogradGradient::kSide>(g.out), kGradientTiles * 3 / 4};
  return {g.out.height, (kGradientWords / 2 + g.out.width - 1) / g.out.width};
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

// 3x3 convolutions by Winograd's minimal filtering (Lavin & Gray 2015, arXiv 1509.09308): tiles of
// the input are transformed, multiplied point by point, and transformed back.
#pragma once

#include <array>
#include <vector>

#include "ops/cpu/blocks.h"
#include "ops/cpu/matrix_tile.h"
#include "ops/cpu/scratch.h"
#include "ops/cpu/winograd_transforms.h"
#include "ops/kernels.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// Transformed input that is worked on at once: so much stays in a second-level cache.
inline constexpr int64_t kWinogradInputBytes = (kLanes == 16 ? 448 : 320) * 1024;
inline constexpr int64_t kMostTiles = 56;

/// A convolution seen as tiles of Side x Side output pixels.
template <int Side, typename Element>
class Tiles {
 public:
  using Value = typename Element::Value;
  static constexpr int kReach = Side + 2;
  static constexpr int kPoints = kReach * kReach;
  /// Transforming the output magnifies what sums have lost.
  static constexpr int64_t kChain = Element::kChain / 8;

  explicit Tiles(const ConvTask& task)
      : task_(task),
        geometry_(*task.geometry),
        parts_(parts_of(task, tiles_of<Side>(geometry_.out))),
        // A cache line more than the values: see pointwise().
        row_((geometry_.in.channels + kPanel - 1) / kPanel * kPanel + 16 * Element::kPack) {
    const int64_t bytes = kPoints * row_ * static_cast<int64_t>(sizeof(Value));
    most_ = std::clamp<int64_t>(kWinogradInputBytes / bytes / kRows * kRows, kRows, kMostTiles);
    int64_t tiles = 0;
    for (const Piece& part : parts_) tiles += part.count;
    most_ = std::min(most_, std::max<int64_t>(tiles, 1));
    input_ =
        reinterpret_cast<Value*>(scratch(kInputScratch, kPoints * most_ * row_ / Element::kPack));
    product_ = scratch(kProductScratch, kPoints * most_ * kPanel);
  }

  void run() {
    each_block(parts_, most_, [&](const Block& block) {
      int64_t slot = 0;
      for (const Piece& piece : block) {
        for (int64_t t = 0; t < piece.count; ++t, ++slot) {
          if (piece.image->scale) {
            transform_input<true>(*piece.image, piece.begin + t, slot);
          } else {
            transform_input<false>(*piece.image, piece.begin + t, slot);
          }
        }
      }
      for (int64_t panel = task_.panel_begin; panel < task_.panel_end; ++panel) {
        multiply_points(panel, block.units);
        slot = 0;
        for (const Piece& piece : block) {
          PanelSums sums{};
          for (int64_t t = 0; t < piece.count; ++t)
            transform_output(*piece.image, piece.begin + t, slot++, panel, sums);
          add_sums(piece.sums, geometry_.out.pitch, panel, sums);
        }
      }
    });
  }

 private:
  template <bool HasNorm>
  void transform_input(const ConvImage& image, int64_t tile, int64_t slot) {
    const TilePixels<Side> pixels = input_pixels<Side>(geometry_, image.x, tile);
    for (int64_t c = 0; c < geometry_.in.channels; c += kLanes) {
      Value* to = input_ + slot * row_ + c;
      input_points<Side, HasNorm>(pixels, c, image.scale, image.shift, [&](int point, Vec value) {
        Element::put(to + point * most_ * row_, value);
      });
    }
  }

  /// product_[point][tile] = input_[point][tile] times the panel's weights of that point.
  void multiply_points(int64_t panel, int64_t count) {
    const int64_t words = (geometry_.in.channels + Element::kPack - 1) / Element::kPack;
    const float* weights = task_.weights + panel * kPoints * words * kPanel;
    std::vector<Segment> segments;
    for (int64_t begin = 0; begin < words; begin += kChain)
      segments.push_back({begin * Element::kPack, std::min(kChain, words - begin), begin * kPanel});
    std::array<const Value*, kMostTiles> rows;
    for (int point = 0; point < kPoints; ++point) {
      for (int64_t t = 0; t < count; ++t) rows[t] = input_ + (point * most_ + t) * row_;
      for (int64_t begin = 0; begin < count;) {
        const int64_t end = part_end(begin, count, kRows);
        multiply(static_cast<int>(end - begin),
                 Tile<Element>{.rows = rows.data() + begin,
                               .segments = segments.data(),
                               .segment_count = static_cast<int>(segments.size()),
                               .chain = kChain,
                               .weights = weights + point * words * kPanel,
                               .out = product_ + (point * most_ + begin) * kPanel,
                               .pitch = kPanel,
                               .addend = nullptr},
                 nullptr);
        begin = end;
      }
    }
  }

  void transform_output(const ConvImage& image, int64_t tile, int64_t slot, int64_t panel,
                        PanelSums& sums) {
    const ImageShape& out = geometry_.out;
    const auto [top, left] = tile_corner<Side>(out, tile);
    const int64_t height = std::min<int64_t>(Side, out.height - top);
    const int64_t width = std::min<int64_t>(Side, out.width - left);
    for (int v = 0; v < kVectors; ++v) {
      const float* from = product_ + slot * kPanel + v * kLanes;
      std::array<std::array<Vec, Side>, kReach> columns;
      for (int x = 0; x < kReach; ++x) {
        std::array<Vec, kReach> column;
        for (int y = 0; y < kReach; ++y) column[y] = load(from + (y * kReach + x) * most_ * kPanel);
        columns[x] = Transform<Side>::output(column);
      }
      float* to = image.out + (top * out.width + left) * out.pitch + panel * kPanel + v * kLanes;
      for (int64_t y = 0; y < height; ++y) {
        std::array<Vec, kReach> line;
        for (int x = 0; x < kReach; ++x) line[x] = columns[x][y];
        const std::array<Vec, Side> pixels = Transform<Side>::output(line);
        for (int64_t x = 0; x < width; ++x) {
          store(to + (y * out.width + x) * out.pitch, pixels[x]);
          sums.sum[v] += pixels[x];
          sums.square[v] += pixels[x] * pixels[x];
        }
      }
    }
  }

  const ConvTask& task_;
  const ConvGeometry& geometry_;
  std::vector<Piece> parts_;
  /// Values from one tile's to the next's.
  int64_t row_;
  /// Tiles at once.
  int64_t most_;
  /// [point][tile][row_] and [point][tile][kPanel].
  Value* input_;
  float* product_;
};

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

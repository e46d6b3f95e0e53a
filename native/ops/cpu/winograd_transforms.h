// Tiles of Side x Side output pixels, and what Winograd's minimal filtering makes of them.
#pragma once

#include <array>

#include "ops/cpu/vec.h"
#include "ops/kernels.h"
#include "ops/winograd_points.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// F(Side x Side, 3x3): its one-dimensional transforms, each over Side + 2 points.
template <int Side>
struct Transform;

template <>
struct Transform<2> {
  static std::array<Vec, 4> input(const std::array<Vec, 4>& d) {
    return {d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]};
  }
  static std::array<Vec, 2> output(const std::array<Vec, 4>& m) {
    return {m[0] + m[1] + m[2], m[1] - m[2] - m[3]};
  }
};

template <>
struct Transform<4> {
  static std::array<Vec, 6> input(const std::array<Vec, 6>& d) {
    // Even and odd terms of (x^2 - outer^2) and (x^2 - inner^2), times x at either point of a pair.
    const Vec inner_even = d[4] - kOuter * kOuter * d[2];
    const Vec inner_odd = d[3] - kOuter * kOuter * d[1];
    const Vec outer_even = d[4] - kInner * kInner * d[2];
    const Vec outer_odd = d[3] - kInner * kInner * d[1];
    return {kProduct * d[0] - kSum * d[2] + d[4], inner_even + kInner * inner_odd,
            inner_even - kInner * inner_odd,      outer_even + kOuter * outer_odd,
            outer_even - kOuter * outer_odd,      kProduct * d[1] - kSum * d[3] + d[5]};
  }
  static std::array<Vec, 4> output(const std::array<Vec, 6>& m) {
    const Vec inner_even = m[1] + m[2];
    const Vec inner_odd = m[1] - m[2];
    const Vec outer_even = m[3] + m[4];
    const Vec outer_odd = m[3] - m[4];
    return {m[0] + 1 / kInner * inner_even + 1 / (kOuter * kOuter) * outer_even,
            inner_odd + 1 / kOuter * outer_odd, kInner * inner_even + outer_even,
            kInner * kInner * inner_odd + kOuter * outer_odd + m[5]};
  }

  /// What output() is transposed: of the output's gradient.
  static std::array<Vec, 6> gradient(const std::array<Vec, 4>& d) {
    const Vec inner_even = 1 / kInner * d[0] + kInner * d[2];
    const Vec inner_odd = d[1] + kInner * kInner * d[3];
    const Vec outer_even = 1 / (kOuter * kOuter) * d[0] + d[2];
    const Vec outer_odd = 1 / kOuter * d[1] + kOuter * d[3];
    return {d[0],
            inner_even + inner_odd,
            inner_even - inner_odd,
            outer_even + outer_odd,
            outer_even - outer_odd,
            d[3]};
  }
  /// What the transform of weights (see pack_winograd()) is transposed: of sums of products.
  static std::array<Vec, 3> taps(const std::array<Vec, 6>& m) {
    const Vec inner_even = kInnerFactor * (m[1] + m[2]);
    const Vec inner_odd = kInnerFactor * kInner * (m[1] - m[2]);
    const Vec outer_even = kOuterFactor * (m[3] + m[4]);
    const Vec outer_odd = kOuterFactor * kOuter * (m[3] - m[4]);
    return {1 / kProduct * m[0] + inner_even + outer_even, inner_odd + outer_odd,
            kInner * kInner * inner_even + kOuter * kOuter * outer_even + m[5]};
  }

 private:
  static constexpr float kInner = kInnerPoint;
  static constexpr float kOuter = kOuterPoint;
  static constexpr float kSum = kInner * kInner + kOuter * kOuter;
  static constexpr float kProduct = kInner * kInner * kOuter * kOuter;
  static constexpr float kInnerFactor = 1 / (2 * kInner * (kInner * kInner - kOuter * kOuter));
  static constexpr float kOuterFactor = 1 / (2 * (kOuter * kOuter - kInner * kInner));
};

/// Tiles in a row of the output, and in all of it.
template <int Side>
int64_t tiles_across(const ImageShape& out) {
  return (out.width + Side - 1) / Side;
}
template <int Side>
int64_t tiles_of(const ImageShape& out) {
  return tiles_across<Side>(out) * ((out.height + Side - 1) / Side);
}

/// The first row and column of a tile's output.
template <int Side>
std::array<int64_t, 2> tile_corner(const ImageShape& out, int64_t tile) {
  return {tile / tiles_across<Side>(out) * Side, tile % tiles_across<Side>(out) * Side};
}

/// Where the pixels of a tile's input are, row by row; null beyond the image.
template <int Side>
using TilePixels = std::array<const float*, (Side + 2) * (Side + 2)>;

template <int Side>
TilePixels<Side> input_pixels(const ConvGeometry& geometry, const float* x, int64_t tile) {
  const ImageShape& in = geometry.in;
  const auto [first_row, first_column] = tile_corner<Side>(geometry.out, tile);
  const int64_t top = first_row - geometry.pad_top;
  const int64_t left = first_column - geometry.pad_left;
  TilePixels<Side> pixels;
  for (int y = 0; y < Side + 2; ++y) {
    for (int column = 0; column < Side + 2; ++column) {
      const bool inside =
          top + y >= 0 && top + y < in.height && left + column >= 0 && left + column < in.width;
      pixels[y * (Side + 2) + column] =
          inside ? x + ((top + y) * in.width + left + column) * in.pitch : nullptr;
    }
  }
  return pixels;
}

/// Transforms a vector of channels from c on of a tile's input; put(point, value) takes the points.
template <int Side, bool HasNorm, typename Put>
inline void input_points(const TilePixels<Side>& pixels, int64_t c, const float* scales,
                         const float* shifts, const Put& put) {
  constexpr int kReach = Side + 2;
  const Vec scale = HasNorm ? load(scales + c) : Vec{};
  const Vec shift = HasNorm ? load(shifts + c) : Vec{};
  const auto read = [&](const float* pixel) {
    const Vec v = load(pixel + c);
    return HasNorm ? relu(v * scale + shift) : v;
  };
  std::array<std::array<Vec, kReach>, kReach> columns;
  for (int x = 0; x < kReach; ++x) {
    std::array<Vec, kReach> column;
    for (int y = 0; y < kReach; ++y) {
      const float* pixel = pixels[y * kReach + x];
      column[y] = pixel ? read(pixel) : Vec{};
    }
    columns[x] = Transform<Side>::input(column);
  }
  for (int y = 0; y < kReach; ++y) {
    std::array<Vec, kReach> line;
    for (int x = 0; x < kReach; ++x) line[x] = columns[x][y];
    const std::array<Vec, kReach> points = Transform<Side>::input(line);
    for (int x = 0; x < kReach; ++x) put(y * kReach + x, points[x]);
  }
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

// A PNG's samples to RGB.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace bigtransfer::image {

/// PNG, third edition, 11.2.1.
enum class PngColour { kGrey = 0, kRgb = 2, kPalette = 3, kGreyAlpha = 4, kRgba = 6 };

/// What the samples of a PNG mean.
struct PngFormat {
  PngColour colour;
  /// Bits of a sample.
  int depth;
  /// Whether there is a tRNS chunk.
  bool has_transparency;
  /// Of PngColour::kPalette; what lies beyond it is black.
  std::vector<std::array<uint8_t, 3>> palette;
};

/// As Pillow opens them and converts to RGB: alpha is dropped; of sixteen bits the high byte
/// counts, but those of plain grey are clipped. Grey of sixteen bits with a tRNS chunk has its high
/// byte.
class PngPixels {
 public:
  explicit PngPixels(const PngFormat& format);

  /// Writes pixels `begin` to `end` of a row to their places in `rgb`. In `samples` each has a
  /// byte, those of sixteen bits two, the high one first.
  void to_rgb(const uint8_t* samples, int64_t begin, int64_t end, uint8_t* rgb) const;

 private:
  /// A colour, and a byte that is there to be written over.
  using Quad = std::array<uint8_t, 4>;

  int64_t bytes_;
  int64_t stride_;
  bool has_colours_;
  bool is_clipped_;
  /// By the value of a sample's first byte, where a pixel has one sample that counts.
  std::array<Quad, 256> colours_{};
};

}  // namespace bigtransfer::image

// Larger kernels as products of matrices, the left one gathered by pointers instead of copies, in
// slices of channels as pointwise.h.
#pragma once

#include <vector>

#include "ops/cpu/prepared_input.h"
#include "ops/cpu/product.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// Of a block's input, an image's share where several fit.
inline constexpr int64_t kImageBytes = kDirectInputBytes / 4;
/// Channels of a band at least.
inline constexpr int64_t kLeastChannels = 128;
/// Rows of a map that are made together at least: the next ones read most of the same input again.
inline constexpr int64_t kLeastLines = 4;

/// Rows of the input, normalised and with their padding, that some rows of the output need.
template <typename Element>
class Band {
 public:
  using Value = typename Element::Value;

  /// Of these channels; without a norm they are all channels, and pixels lie without gaps.
  Band(const ConvGeometry& geometry, Channels channels, bool has_norm)
      : g_(geometry),
        channels_(channels),
        reach_(g_.dilation * (g_.kernel - 1)),
        width_((g_.out.width - 1) * g_.stride + reach_ + 1),
        pixel_(round_up(channels.count(), has_norm ? kLanes : Element::kPack)) {}

  /// Values of the band for so many rows of an image's output.
  int64_t values(int64_t out_lines) const { return lines(out_lines) * line(); }
  int64_t bytes(int64_t out_lines) const {
    return values(out_lines) * static_cast<int64_t>(sizeof(Value));
  }

  /// Everything under the taps.
  Slice slice() const {
    const int64_t all = words_of<Element>(g_.in.channels);
    const int64_t words = words_of<Element>(channels_.count());
    const int64_t first = channels_.begin / Element::kPack;
    Slice slice{{}, {}, channels_.begin == 0, channels_.end == g_.in.channels};
    for (int64_t ky = 0; ky < g_.kernel; ++ky) {
      const int64_t offset = ky * g_.dilation * line();
      // Taps whose input and weights both follow one another.
      const bool together = g_.dilation == 1 && words == all && pixel_ == words * Element::kPack;
      for (int64_t kx = 0; kx < (together ? 1 : g_.kernel); ++kx)
        slice.add<Element>(offset + kx * g_.dilation * pixel_, together ? g_.kernel * words : words,
                           ((ky * g_.kernel + kx) * all + first) * kPanel);
    }
    return slice;
  }

  /// Fills `band` for these rows of the output, and puts where the input of each of their pixels
  /// begins.
  void fill(const Block& out_lines, Value* band, const Value** rows) const {
    for (const Piece& piece : out_lines) {
      const int64_t top = piece.begin * g_.stride - g_.pad_top;
      for (int64_t r = 0; r < lines(piece.count); ++r)
        fill_row(*piece.image, band + r * line(), top + r);
      for (int64_t y = 0; y < piece.count; ++y) {
        for (int64_t x = 0; x < g_.out.width; ++x)
          *rows++ = band + (y * width_ + x) * g_.stride * pixel_;
      }
      band += values(piece.count);
    }
  }

 private:
  int64_t lines(int64_t out_lines) const { return (out_lines - 1) * g_.stride + reach_ + 1; }
  int64_t line() const { return width_ * pixel_; }

  void fill_row(const ConvImage& image, Value* to, int64_t y) const {
    const auto zero = [&](int64_t from, int64_t until) {
      if (until > from) std::fill(to + from * pixel_, to + until * pixel_, Value{0});
    };
    if (y < 0 || y >= g_.in.height) return zero(0, width_);
    const int64_t inside = std::min(g_.in.width, width_ - g_.pad_left);
    zero(0, g_.pad_left);
    const float* from = image.x + y * g_.in.width * g_.in.pitch;
    if (!image.scale && pixel_ == g_.in.pitch) {
      Element::copy(from, inside * pixel_, to + g_.pad_left * pixel_);
    } else {
      for (int64_t x = 0; x < inside; ++x)
        prepare<Element>(image, from + x * g_.in.pitch, channels_, to + (g_.pad_left + x) * pixel_);
    }
    zero(g_.pad_left + inside, width_);
  }

  const ConvGeometry& g_;
  Channels channels_;
  int64_t reach_;
  int64_t width_;
  int64_t pixel_;
};

/// The input in bands of some channels each: few enough that a few small images fit the cache.
template <typename Element>
std::vector<Band<Element>> bands_of(const ConvTask& task) {
  const ConvGeometry& g = *task.geometry;
  const bool has_norm = task.images->scale != nullptr;
  const auto fits = [&](int64_t channels) {
    return Band<Element>(g, {0, channels}, has_norm).bytes(g.out.height) <= kImageBytes;
  };
  int64_t most = g.in.channels;
  while (has_norm && most >= 2 * kLeastChannels && !fits(most)) most = round_up(most / 2, kPanel);
  std::vector<Band<Element>> bands;
  for (const Channels& channels : cut_channels(g.in.channels, most))
    bands.emplace_back(g, channels, has_norm);
  return bands;
}

/// Rows of the output whose input fits the cache.
template <typename Element>
int64_t lines_together(const ConvGeometry& g, const Band<Element>& band) {
  const int64_t images = kDirectInputBytes / band.bytes(g.out.height);
  if (images > 0) return std::min(images, kMostConvImages) * g.out.height;
  const int64_t reach = g.dilation * (g.kernel - 1);
  const int64_t fitting = (kDirectInputBytes / band.bytes(1) * (reach + 1) - reach) / g.stride;
  return std::clamp<int64_t>(fitting, kLeastLines, std::max(g.out.height, kLeastLines));
}

template <typename Element>
void spatial(const ConvTask& task) {
  using Value = typename Element::Value;
  const ConvGeometry& g = *task.geometry;
  const std::vector<Band<Element>> bands = bands_of<Element>(task);
  // The first one is the widest.
  const int64_t most = lines_together(g, bands.front());
  const int64_t panel_words = g.kernel * g.kernel * words_of<Element>(g.in.channels) * kPanel;
  std::vector<const Value*> rows(static_cast<size_t>(most * g.out.width));
  each_block(parts_of(task, g.out.height), most, [&](const Block& lines) {
    int64_t values = kPanel;
    for (const Piece& piece : lines) values += bands.front().values(piece.count);
    Value* input = input_scratch<Element>(values);
    Block pixels;
    for (const Piece& piece : lines)
      pixels.add({piece.image, piece.sums, piece.begin * g.out.width, piece.count * g.out.width});
    for (const Band<Element>& band : bands) {
      band.fill(lines, input, rows.data());
      const Slice slice = band.slice();
      const Value* const* next = rows.data();
      each_block(pixels, kMostPixels, [&](const Block& block) {
        Product<Element>(task, panel_words, slice, next, block).run();
        next += block.units;
      });
    }
  });
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

// What a direct convolution multiplies: some channels of the input, normalised, in this thread's
// memory.
#pragma once

#include <algorithm>
#include <vector>

#include "ops/cpu/blocks.h"
#include "ops/cpu/matrix_tile.h"
#include "ops/cpu/scratch.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// Normalised input that a block works on: so much stays in a second-level cache.
inline constexpr int64_t kDirectInputBytes = (kLanes == 16 ? 448 : 192) * 1024;

inline int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

/// Channels begin..end of the input.
struct Channels {
  int64_t begin;
  int64_t end;

  int64_t count() const { return end - begin; }
};

/// The input's channels in as few parts of at most `most` as possible, cut at whole panels.
inline std::vector<Channels> cut_channels(int64_t channels, int64_t most) {
  std::vector<Channels> parts;
  for (int64_t begin = 0; begin < channels;) {
    const int64_t end = round_up(part_end(begin, channels, most), kPanel);
    parts.push_back({begin, std::min(end, channels)});
    begin = parts.back().end;
  }
  return parts;
}

/// A pixel's channels, normalised, and zeros to the end of the last word. With a norm it writes
/// whole vectors: both sides have room for the pitch.
template <typename Element>
inline void prepare(const ConvImage& image, const float* pixel, Channels channels,
                    typename Element::Value* to) {
  const int64_t count = channels.count();
  const float* from = pixel + channels.begin;
  if (!image.scale) {
    Element::copy(from, count, to);
    std::fill(to + count, to + round_up(count, Element::kPack), 0);
    return;
  }
  const float* scale = image.scale + channels.begin;
  const float* shift = image.shift + channels.begin;
  for (int64_t c = 0; c < count; c += kLanes)
    Element::put(to + c, relu(load(from + c) * load(scale + c) + load(shift + c)));
}

/// This thread's memory for so many values.
template <typename Element>
typename Element::Value* input_scratch(int64_t values) {
  return reinterpret_cast<typename Element::Value*>(
      scratch(kInputScratch, round_up(values, Element::kPack) / Element::kPack));
}

template <typename Element>
int64_t words_of(int64_t channels) {
  return round_up(channels, Element::kPack) / Element::kPack;
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

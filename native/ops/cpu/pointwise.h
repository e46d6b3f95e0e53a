// Kernels of 1x1 as products of matrices. The depth of the product is cut into slices of channels,
// so that a block of many pixels fits the cache and reads the weights only once.
#pragma once

#include <array>
#include <type_traits>

#include "ops/cpu/prepared_input.h"
#include "ops/cpu/product.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

template <typename Element>
void pointwise(const ConvTask& task) {
  using Value = typename Element::Value;
  const ConvGeometry& g = *task.geometry;
  const std::vector<Channels> parts = cut_channels(g.in.channels, kDepth * Element::kPack);
  // A cache line more than the values: rows whose distance is a power of two share cache sets.
  const int64_t row = round_up(parts.front().count(), kPanel) + 16 * Element::kPack;
  const int64_t fitting = kDirectInputBytes / (row * static_cast<int64_t>(sizeof(Value)));
  const int64_t most = std::clamp<int64_t>(fitting / kRows * kRows, 2 * kRows, kMostPixels);
  Value* input = input_scratch<Element>(most * row);
  std::array<const Value*, kMostPixels> rows;
  for (int64_t r = 0; r < most; ++r) rows[r] = input + r * row;
  const auto fill = [&](const Block& block, Channels channels) {
    Value* to = input;
    for (const Piece& piece : block) {
      for (int64_t i = piece.begin; i < piece.begin + piece.count; ++i, to += row) {
        const int64_t y = i / g.out.width * g.stride;
        const int64_t x = i % g.out.width * g.stride;
        const float* pixel = piece.image->x + (y * g.in.width + x) * g.in.pitch;
        if constexpr (std::is_same_v<Value, float>) {
          // It is there already as it is to be multiplied.
          if (!piece.image->scale) {
            rows[static_cast<size_t>((to - input) / row)] = pixel + channels.begin;
            continue;
          }
        }
        prepare<Element>(*piece.image, pixel, channels, to);
      }
    }
  };
  const int64_t panel_words = words_of<Element>(g.in.channels) * kPanel;
  each_block(parts_of(task, g.out.pixels()), most, [&](const Block& block) {
    for (const Channels& channels : parts) {
      fill(block, channels);
      Slice slice{{}, {}, channels.begin == 0, channels.end == g.in.channels};
      slice.add<Element>(0, words_of<Element>(channels.count()),
                         channels.begin / Element::kPack * kPanel);
      Product<Element>(task, panel_words, slice, rows.data(), block).run();
    }
  });
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

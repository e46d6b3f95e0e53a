// How a task's units fall into blocks that a core's caches can hold.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "ops/kernels.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// Where the next part of begin..end ends, when that is cut into as few parts of at most `most` as
/// possible, all nearly alike: a short last part would take nearly as long as a full one.
inline int64_t part_end(int64_t begin, int64_t end, int64_t most) {
  const int64_t parts = (end - begin + most - 1) / most;
  return begin + (end - begin + parts - 1) / parts;
}

/// Consecutive units of one image.
struct Piece {
  const ConvImage* image;
  int64_t begin;
  int64_t count;
};

/// Units of a few images that are worked on together.
struct Block {
  std::array<Piece, kMostConvImages> pieces;
  int count = 0;
  int64_t units = 0;

  void add(const Piece& piece) {
    pieces[count++] = piece;
    units += piece.count;
  }
  const Piece* begin() const { return pieces.data(); }
  const Piece* end() const { return pieces.data() + count; }
};

/// All that a task is to make.
inline Block units_of(const ConvTask& task, int64_t units_of_image) {
  Block all;
  for (int64_t begin = task.unit_begin; begin < task.unit_end;) {
    const int64_t image = begin / units_of_image;
    const int64_t first = image * units_of_image;
    const int64_t end = std::min(first + units_of_image, task.unit_end);
    all.add({task.images + image, begin - first, end - begin});
    begin = end;
  }
  return all;
}

/// Calls body(block) for blocks of at most so many of the units, in their order. Where an image is
/// cut does not depend on which other images there are, and so neither do its sums.
template <typename Body>
void each_block(const Block& all, int64_t most, const Body& body) {
  Block block;
  for (const Piece& piece : all) {
    const int64_t piece_end = piece.begin + piece.count;
    for (int64_t begin = piece.begin; begin < piece_end;) {
      const int64_t end = part_end(begin, piece_end, most);
      if (block.count == kMostConvImages || block.units + end - begin > most) {
        body(block);
        block = {};
      }
      block.add({piece.image, begin, end - begin});
      begin = end;
    }
  }
  if (block.count > 0) body(block);
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

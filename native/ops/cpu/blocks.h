// How a task's units fall into blocks that a core's caches can hold.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "ops/cut.h"
#include "ops/kernels.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// Where the next part of begin..end ends, when that is cut into as few parts of at most `most` as
/// possible, all nearly alike: a short last part would take nearly as long as a full one.
inline int64_t part_end(int64_t begin, int64_t end, int64_t most) {
  const int64_t parts = (end - begin + most - 1) / most;
  return begin + (end - begin + parts - 1) / parts;
}

/// Consecutive units of one part of an image.
struct Piece {
  const ConvImage* image;
  /// Of the part, [2][out.pitch].
  double* sums;
  int64_t begin;
  int64_t count;
};

/// Units that are worked on together, of a few parts.
struct Block {
  std::array<Piece, kMostConvImages> pieces;
  int count = 0;
  int64_t units = 0;

  bool has_room() const { return count < kMostConvImages; }
  void add(const Piece& piece) {
    pieces[count++] = piece;
    units += piece.count;
  }
  const Piece* begin() const { return pieces.data(); }
  const Piece* end() const { return pieces.data() + count; }
};

/// The parts that a task is to make.
inline std::vector<Piece> parts_of(const ConvTask& task, int64_t units_of_image) {
  std::vector<Piece> parts;
  for (int64_t part = task.part_begin; part < task.part_end; ++part) {
    const ConvImage* image = task.images + part / task.cuts;
    const int64_t i = part % task.cuts;
    const int64_t begin = cut(units_of_image, i, task.cuts);
    parts.push_back({image, image->sums + i * 2 * task.geometry->out.pitch, begin,
                     cut(units_of_image, i + 1, task.cuts) - begin});
  }
  return parts;
}

/// Calls body(block) for blocks of at most so many of the units, in their order. Where a part is
/// cut does not depend on which others there are, and so neither do its sums.
template <typename Pieces, typename Body>
void each_block(const Pieces& all, int64_t most, const Body& body) {
  Block block;
  for (const Piece& piece : all) {
    const int64_t piece_end = piece.begin + piece.count;
    for (int64_t begin = piece.begin; begin < piece_end;) {
      const int64_t end = part_end(begin, piece_end, most);
      if (!block.has_room() || block.units + end - begin > most) {
        body(block);
        block = {};
      }
      block.add({piece.image, piece.sums, begin, end - begin});
      begin = end;
    }
  }
  if (block.count > 0) body(block);
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

// A block of output pixels times a slice of the product's depth.
#pragma once

#include <array>
#include <vector>

#include "ops/cpu/blocks.h"
#include "ops/cpu/matrix_tile.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// Words of the depth per pass: a panel's weights for it come from the nearer caches for all pixels
/// of a block.
inline constexpr int64_t kDepth = kLanes == 16 ? 512 : 256;
/// Weights of neighbouring panels that are used in turn, so that a shallow product writes longer
/// stretches of a pixel.
inline constexpr int64_t kGroupWords = 6 * 1024;
inline constexpr int64_t kMostGrouped = 8;
/// Pixels of a block. Float sums over more of them would lose digits.
inline constexpr int64_t kMostPixels = 224;

/// Some segments that are multiplied before the next ones.
struct Pass {
  int first_segment;
  int segment_count;
  int64_t words;
};

/// Input of some channels under all taps of the kernel.
struct Slice {
  std::vector<Segment> segments;
  std::vector<Pass> passes;
  /// Whether the output starts with this slice, and is complete after it.
  bool is_first;
  bool is_last;

  /// The next `words`, at `offset` in values from a pixel's base and at `weights` from a panel's.
  template <typename Element>
  void add(int64_t offset, int64_t words, int64_t weights) {
    while (words > 0) {
      if (passes.empty() || passes.back().words >= kDepth)
        passes.push_back({static_cast<int>(segments.size()), 0, 0});
      Pass& pass = passes.back();
      const int64_t part = std::min({words, Element::kChain, kDepth - pass.words});
      segments.push_back({offset, part, weights});
      ++pass.segment_count;
      pass.words += part;
      offset += part * Element::kPack;
      weights += part * kPanel;
      words -= part;
    }
  }
};

/// A slice's product for a block; every unit of the block's pieces is a pixel.
template <typename Element>
class Product {
 public:
  /// `panel_words` is the distance of the panels' weights; rows[i] the input of the block's i-th
  /// pixel.
  Product(const ConvTask& task, int64_t panel_words, const Slice& slice,
          const typename Element::Value* const* rows, const Block& pixels)
      : task_(task), panel_words_(panel_words), slice_(slice), rows_(rows), pixels_(pixels) {}

  /// All panels of the task.
  void run() const {
    int64_t words = 0;
    for (const Pass& pass : slice_.passes) words = std::max(words, pass.words);
    const int64_t group = std::clamp<int64_t>(kGroupWords / (words * kPanel), 1, kMostGrouped);
    for (int64_t panel = task_.panel_begin; panel < task_.panel_end; panel += group)
      run_panels(panel, std::min(group, task_.panel_end - panel));
  }

 private:
  void run_panels(int64_t first_panel, int64_t panels) const {
    for (const Pass& pass : slice_.passes) {
      const auto* rows = rows_;
      for (const Piece& piece : pixels_) {
        run_piece(pass, piece, rows, first_panel, panels);
        rows += piece.count;
      }
    }
  }

  void run_piece(const Pass& pass, const Piece& piece, const typename Element::Value* const* rows,
                 int64_t first_panel, int64_t panels) const {
    const ConvImage& image = *piece.image;
    const int64_t pitch = task_.geometry->out.pitch;
    const bool ends = slice_.is_last && &pass == &slice_.passes.back();
    const bool begins = slice_.is_first && &pass == &slice_.passes.front();
    const float* addend = begins ? image.addend : image.out;
    std::array<PanelSums, kMostGrouped> sums{};
    for (int64_t begin = 0; begin < piece.count;) {
      const int64_t end = part_end(begin, piece.count, kRows);
      for (int64_t i = 0; i < panels; ++i) {
        const int64_t panel = first_panel + i;
        const int64_t at = (piece.begin + begin) * pitch + panel * kPanel;
        multiply(static_cast<int>(end - begin),
                 Tile<Element>{.rows = rows + begin,
                               .segments = slice_.segments.data() + pass.first_segment,
                               .segment_count = pass.segment_count,
                               .chain = Element::kChain,
                               .weights = task_.weights + panel * panel_words_,
                               .out = image.out + at,
                               .pitch = pitch,
                               .addend = addend ? addend + at : nullptr},
                 ends ? &sums[i] : nullptr);
      }
      begin = end;
    }
    for (int64_t i = 0; ends && i < panels; ++i)
      add_sums(piece.sums, pitch, first_panel + i, sums[i]);
  }

  const ConvTask& task_;
  int64_t panel_words_;
  const Slice& slice_;
  const typename Element::Value* const* rows_;
  const Block& pixels_;
};

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

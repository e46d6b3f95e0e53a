// Pieces of a product: some rows of it times some columns.
#pragma once

#include <algorithm>
#include <cstdint>

namespace bigtransfer::ops {

/// Counted row by row.
struct PieceGrid {
  /// Pieces beside one another.
  struct Block {
    int64_t row_begin, row_end;
    int64_t column_begin, column_end;
  };

  int64_t rows;
  int64_t columns;

  /// Calls body(block) for as few blocks as make up the pieces begin..end.
  template <typename Body>
  void each_block(int64_t begin, int64_t end, const Body& body) const {
    while (begin < end) {
      const int64_t row = begin / columns;
      const int64_t column = begin % columns;
      const int64_t whole_rows = column == 0 ? (end - begin) / columns : 0;
      const Block block =
          whole_rows > 0 ? Block{row, row + whole_rows, 0, columns}
                         : Block{row, row + 1, column, std::min(columns, column + end - begin)};
      body(block);
      begin += (block.row_end - block.row_begin) * (block.column_end - block.column_begin);
    }
  }
};

}  // namespace bigtransfer::ops

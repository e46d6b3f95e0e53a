// Where one tensor lies in its file: what the readers of the formats make, and Checkpoint views.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>
#include <vector>

namespace bigtransfer::checkpoint {

/// A reader has checked that `offset + bytes` lies within the file, and that shape and strides
/// reach only those bytes.
struct StoredTensor {
  std::string name;
  /// Undefined for a type that is not supported: such a tensor is there, and cannot be read.
  at::ScalarType dtype;
  /// What the file calls it.
  std::string dtype_name;
  std::vector<int64_t> shape;
  /// In elements; empty for a dense row-major tensor.
  std::vector<int64_t> strides;
  /// Of the first element, from the start of the file; not always a multiple of the item size.
  uint64_t offset;
  /// From the first element to the end of the last; 0 for a tensor without elements.
  uint64_t bytes;
};

}  // namespace bigtransfer::checkpoint

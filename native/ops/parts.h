// Work of one image shared out among threads, each part with sums of its own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "common/share_out.h"
#include "ops/cut.h"

namespace bigtransfer::ops {

/// Sets `sums` to the total of what lies after one another in `of_parts`.
inline void add_parts(const double* of_parts, int64_t parts, int64_t size, double* sums) {
  std::copy_n(of_parts, size, sums);
  for (int64_t part = 1; part < parts; ++part) {
    for (int64_t i = 0; i < size; ++i) sums[i] += of_parts[part * size + i];
  }
}

/// Calls body(part, sums of `size`) for 0..parts, on threads, and sets `sums` to the total of what
/// the parts added to theirs. The total does not depend on which thread did what.
template <typename Body>
void sum_parts(int64_t parts, double* sums, int64_t size, const Body& body) {
  std::vector<double> of_parts(static_cast<size_t>(parts * size), 0.0);
  share_out(parts, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) body(part, of_parts.data() + part * size);
  });
  add_parts(of_parts.data(), parts, size, sums);
}

}  // namespace bigtransfer::ops

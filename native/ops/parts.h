// Work of one image shared out among threads, each part with sums of its own.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace bigtransfer::ops {

/// Threads that a parallel_for of the caller would use: all of its OpenMP team, or one within a
/// parallel region.
inline int64_t threads_here() { return at::in_parallel_region() ? 1 : at::get_num_threads(); }

/// The i-th of n nearly equal parts of 0..total begins here.
inline int64_t cut(int64_t total, int64_t i, int64_t n) { return total * i / n; }

/// Calls body(part, sums of `size`) for 0..parts, on threads, and sets `sums` to the total of what
/// the parts added to theirs. The total does not depend on which thread did what.
template <typename Body>
void sum_parts(int64_t parts, double* sums, int64_t size, const Body& body) {
  std::fill_n(sums, size, 0.0);
  if (parts == 1) return body(0, sums);
  std::vector<double> of_parts(static_cast<size_t>(parts * size), 0.0);
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) body(part, of_parts.data() + part * size);
  });
  for (int64_t part = 0; part < parts; ++part) {
    for (int64_t i = 0; i < size; ++i) sums[i] += of_parts[static_cast<size_t>(part * size + i)];
  }
}

}  // namespace bigtransfer::ops

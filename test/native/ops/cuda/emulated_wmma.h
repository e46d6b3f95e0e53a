// CUDA's warp matrix functions for the emulation: the first thread of each warp computes for all.
#pragma once

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <array>

#define __syncwarp() ::bigtransfer::ops::cuda::emulation::barrier()

namespace bigtransfer::ops::cuda {

template <typename T>
struct Native {
  using Type = T;
};

namespace wmma {

struct matrix_a;
struct matrix_b;
struct accumulator;
struct row_major;
struct col_major;
enum layout_t { mem_row_major };

/// 16x16 values by row and column.
template <typename Use, int kRows, int kColumns, int kDepth, typename T, typename Layout = void>
struct fragment {
  static_assert(kRows == 16 && kColumns == 16 && kDepth == 16);
  std::array<std::array<float, 16>, 16> values;
};

inline bool is_first_of_warp() { return threadIdx.x % 32 == 0; }

template <typename Fragment>
void fill_fragment(Fragment& fragment, float value) {
  for (auto& row : fragment.values) row.fill(value);
}

template <typename Use, typename T, typename Layout>
void load_matrix_sync(fragment<Use, 16, 16, 16, T, Layout>& to, const T* from, unsigned pitch) {
  if (!is_first_of_warp()) return;
  for (unsigned i = 0; i < 16; ++i) {
    for (unsigned j = 0; j < 16; ++j) {
      const bool by_row = std::is_same_v<Layout, row_major>;
      to.values[by_row ? i : j][by_row ? j : i] = static_cast<float>(from[i * pitch + j]);
    }
  }
}

template <typename Sum, typename A, typename B>
void mma_sync(Sum& to, const A& a, const B& b, const Sum& c) {
  if (!is_first_of_warp()) return;
  for (size_t i = 0; i < 16; ++i) {
    for (size_t j = 0; j < 16; ++j) {
      float total = c.values[i][j];
      for (size_t k = 0; k < 16; ++k) total += a.values[i][k] * b.values[k][j];
      to.values[i][j] = total;
    }
  }
}

template <typename Sum>
void store_matrix_sync(float* to, const Sum& from, unsigned pitch, layout_t) {
  if (!is_first_of_warp()) return;
  for (unsigned i = 0; i < 16; ++i) {
    for (unsigned j = 0; j < 16; ++j) to[i * pitch + j] = from.values[i][j];
  }
}

}  // namespace wmma
}  // namespace bigtransfer::ops::cuda

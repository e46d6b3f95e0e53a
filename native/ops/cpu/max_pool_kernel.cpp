// The stem's pool, with the statistics of what comes out.
#include "ops/cpu/kernel_sets.h"
#include "ops/cpu/matrix_tile.h"
#include "ops/kernels.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {
namespace {

constexpr int64_t kKernel = 3;
constexpr int64_t kStride = 2;

/// The larger one, and NaN if either is NaN.
inline Vec larger(Vec a, Vec b) {
  const auto take = (a > b) | (a != a);
  return take ? a : b;
}

/// One output pixel's channels from `c`.
Vec window(const PoolTask& task, int64_t top, int64_t left, int64_t c) {
  Vec best{};
  bool any = false;
  for (int64_t y = top; y < top + kKernel; ++y) {
    for (int64_t x = left; x < left + kKernel; ++x) {
      const bool inside = y >= 0 && y < task.in.height && x >= 0 && x < task.in.width;
      const Vec v = inside ? load(task.x + (y * task.in.width + x) * task.in.pitch + c) : Vec{};
      best = any ? larger(best, v) : v;
      any = true;
    }
  }
  return best;
}

}  // namespace

void max_pool(const PoolTask& task) {
  const int64_t pitch = task.out.pitch;
  for (int64_t y = task.row_begin; y < task.row_end; ++y) {
    for (int64_t panel = 0; panel < pitch / kPanel; ++panel) {
      PanelSums sums{};
      for (int64_t x = 0; x < task.out.width; ++x) {
        for (int v = 0; v < kVectors; ++v) {
          const int64_t c = panel * kPanel + v * kLanes;
          const Vec best = window(task, y * kStride - task.pad_top, x * kStride - task.pad_left, c);
          store(task.out_pixels + (y * task.out.width + x) * pitch + c, best);
          sums.sum[v] += best;
          sums.square[v] += best * best;
        }
      }
      add_sums(task.sums, pitch, panel, sums);
    }
  }
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

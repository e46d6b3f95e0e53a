// Shares the rows out.
#include "ops/max_pool.h"

#include "ops/parts.h"

namespace bigtransfer::ops {
namespace {

/// Output values of a part at least, and parts at most.
constexpr int64_t kLeastValues = 1 << 13;
constexpr int64_t kMostParts = 16;

}  // namespace

void max_pool(const Kernels& kernels, const PoolTask& task) {
  const int64_t rows = task.out.height;
  const int64_t values = task.out.pixels() * task.out.pitch;
  const int64_t parts = std::clamp<int64_t>(values / kLeastValues, 1, std::min(kMostParts, rows));
  sum_parts(parts, task.sums, 2 * task.out.pitch, [&](int64_t part, double* sums) {
    PoolTask own = task;
    own.sums = sums;
    own.row_begin = cut(rows, part, parts);
    own.row_end = cut(rows, part + 1, parts);
    kernels.max_pool(own);
  });
}

}  // namespace bigtransfer::ops

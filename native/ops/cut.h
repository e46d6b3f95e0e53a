// How work falls into nearly equal parts.
#pragma once

#include <cstdint>

namespace bigtransfer::ops {

/// The i-th of n nearly equal parts of 0..total begins here.
inline int64_t cut(int64_t total, int64_t i, int64_t n) { return total * i / n; }

}  // namespace bigtransfer::ops

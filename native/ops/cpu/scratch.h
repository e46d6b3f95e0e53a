// Memory that a compute thread keeps from one convolution to the next.
#pragma once

#include <cstdint>

namespace bigtransfer::ops {

enum Scratch { kInputScratch, kProductScratch, kScratchCount };

/// At least `count` floats, aligned to a cache line, of this thread's own; what they held is lost.
float* scratch(Scratch which, int64_t count);

}  // namespace bigtransfer::ops

// One buffer of each kind for each thread.
#include "ops/cpu/scratch.h"

#include <array>

#include "common/aligned_buffer.h"

namespace bigtransfer::ops {

float* scratch(Scratch which, int64_t count) {
  thread_local std::array<AlignedBuffer, kScratchCount> buffers;
  return buffers[which].reserve(count);
}

}  // namespace bigtransfer::ops

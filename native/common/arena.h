// Many arrays in few large buffers, which live as long as the arena.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "common/aligned_buffer.h"

namespace bigtransfer {

class Arena {
 public:
  /// Room for `count` floats, aligned to a cache line, uninitialised.
  float* allocate(int64_t count) {
    count = (count + kLine - 1) / kLine * kLine;
    if (buffers_.empty() || used_ + count > buffers_.back().size()) {
      buffers_.emplace_back(std::max(count, kLeastBuffer));
      used_ = 0;
    }
    float* memory = buffers_.back().data() + used_;
    used_ += count;
    total_ += count;
    return memory;
  }

  /// Floats of all that was asked for.
  int64_t size() const { return total_; }

 private:
  static constexpr int64_t kLine = 64 / sizeof(float);
  /// 32 MB. What of it is never written takes no memory.
  static constexpr int64_t kLeastBuffer = int64_t{8} << 20;

  std::vector<AlignedBuffer> buffers_;
  /// Floats of the last buffer.
  int64_t used_ = 0;
  int64_t total_ = 0;
};

}  // namespace bigtransfer

// Memory for kernels: aligned to cache lines, uninitialised, growing and never shrinking.
#pragma once

#include <cstdint>
#include <memory>
#include <new>

namespace bigtransfer {

class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(int64_t count) { reserve(count); }

  /// Room for `count` floats; what it held is lost when it grows.
  float* reserve(int64_t count) {
    if (size_ < count) {
      size_ = 0;
      memory_.reset();
      memory_.reset(static_cast<float*>(
          ::operator new[](static_cast<size_t>(count) * sizeof(float), kCacheLine)));
      size_ = count;
    }
    return memory_.get();
  }

  float* data() const { return memory_.get(); }
  int64_t size() const { return size_; }

 private:
  static constexpr std::align_val_t kCacheLine{64};
  struct Free {
    void operator()(float* memory) const { ::operator delete[](memory, kCacheLine); }
  };

  std::unique_ptr<float[], Free> memory_;
  int64_t size_ = 0;
};

}  // namespace bigtransfer

// Memory for kernels: aligned to cache lines, uninitialised, growing and never shrinking.
#pragma once

#include <cstdint>
#include <memory>
#include <new>

#include "common/huge_pages.h"

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
      memory_ = allocate(static_cast<size_t>(count) * sizeof(float));
      size_ = count;
    }
    return memory_.get();
  }

  float* data() const { return memory_.get(); }
  int64_t size() const { return size_; }

 private:
  static constexpr size_t kCacheLine = 64;

  struct Free {
    std::align_val_t alignment;
    void operator()(float* memory) const { ::operator delete[](memory, alignment); }
  };
  using Memory = std::unique_ptr<float[], Free>;

  /// Kernels walk through megabytes: with small pages they would wait for the page tables.
  static Memory allocate(size_t bytes) {
    const std::align_val_t alignment{bytes >= kHugePage ? kHugePage : kCacheLine};
    Memory memory(static_cast<float*>(::operator new[](bytes, alignment)), Free{alignment});
    wish_for_huge_pages(memory.get(), bytes);
    return memory;
  }

  Memory memory_;
  int64_t size_ = 0;
};

}  // namespace bigtransfer

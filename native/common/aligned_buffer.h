// Memory for kernels: aligned to cache lines, uninitialised, growing and never shrinking.
#pragma once

#include <cstdint>
#include <memory>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

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
  /// Kernels walk through megabytes: with small pages they would wait for the page tables.
  static constexpr size_t kHugePage = size_t{2} << 20;

  struct Free {
    std::align_val_t alignment;
    void operator()(float* memory) const { ::operator delete[](memory, alignment); }
  };
  using Memory = std::unique_ptr<float[], Free>;

  static Memory allocate(size_t bytes) {
    const std::align_val_t alignment{bytes >= kHugePage ? kHugePage : kCacheLine};
    Memory memory(static_cast<float*>(::operator new[](bytes, alignment)), Free{alignment});
#if defined(__linux__)
    // A wish, whose refusal changes nothing; the rest that fills no huge page stays in small ones.
    if (bytes >= kHugePage) madvise(memory.get(), bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
    return memory;
  }

  Memory memory_;
  int64_t size_ = 0;
};

}  // namespace bigtransfer

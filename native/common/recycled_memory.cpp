// The oldest free buffers go first.
#include "common/recycled_memory.h"

#include <algorithm>
#include <deque>
#include <mutex>

#include "common/aligned_buffer.h"
#include "common/huge_pages.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace bigtransfer {
namespace {

/// Large blocks the allocator gets from the system anew each time; small aligned ones it often
/// fails to use again, so that the process grows.
constexpr size_t kLeastBytes = 4 * 1024;
/// Free buffers are kept up to so many bytes: a batch of a hundred images of 224 x 224.
constexpr int64_t kMostKept = int64_t{64} << 20;
/// A buffer serves what fills at least this part of it.
constexpr int64_t kLeastShare = 2;

#if defined(MADV_POPULATE_WRITE)
constexpr size_t kPage = 4096;
#endif

class FreeBuffers {
 public:
  static FreeBuffers& instance() {
    static auto* const buffers = new FreeBuffers;
    return *buffers;
  }

  AlignedBuffer take(int64_t floats) {
    const std::lock_guard lock(mutex_);
    const auto fits = [&](const AlignedBuffer& each) {
      return each.size() >= floats && each.size() / kLeastShare <= floats;
    };
    // The smallest one, and of those the oldest.
    auto found = buffers_.end();
    for (auto each = buffers_.begin(); each != buffers_.end(); ++each) {
      if (fits(*each) && (found == buffers_.end() || each->size() < found->size())) found = each;
    }
    if (found == buffers_.end()) return fresh(floats);
    AlignedBuffer buffer = std::move(*found);
    buffers_.erase(found);
    kept_ -= bytes_of(buffer);
    return buffer;
  }

  void give_back(AlignedBuffer buffer) {
    const std::lock_guard lock(mutex_);
    kept_ += bytes_of(buffer);
    buffers_.push_back(std::move(buffer));
    drop_what_is_too_much();
  }

  void change_keepers(int by) {
    const std::lock_guard lock(mutex_);
    keepers_ += by;
    drop_what_is_too_much();
  }

 private:
  void drop_what_is_too_much() {
    while (keepers_ == 0 && kept_ > kMostKept) {
      kept_ -= bytes_of(buffers_.front());
      buffers_.pop_front();
    }
  }

  static AlignedBuffer fresh(int64_t floats) {
    AlignedBuffer buffer(floats);
    expect_writes(reinterpret_cast<std::byte*>(buffer.data()), floats * sizeof(float));
    return buffer;
  }

  static int64_t bytes_of(const AlignedBuffer& buffer) {
    return buffer.size() * static_cast<int64_t>(sizeof(float));
  }

  std::mutex mutex_;
  std::deque<AlignedBuffer> buffers_;
  int64_t kept_ = 0;
  /// Of those that want all kept.
  int keepers_ = 0;
};

}  // namespace

at::Tensor empty_recycled(at::IntArrayRef shape, at::ScalarType type) {
  const int64_t bytes =
      c10::multiply_integers(shape) * static_cast<int64_t>(c10::elementSize(type));
  if (bytes < static_cast<int64_t>(kLeastBytes)) return at::empty(shape, type);
  const int64_t floats = (bytes + static_cast<int64_t>(sizeof(float)) - 1) / sizeof(float);
  auto* buffer = new AlignedBuffer(FreeBuffers::instance().take(floats));
  const auto give_back = [buffer](void*) {
    FreeBuffers::instance().give_back(std::move(*buffer));
    delete buffer;
  };
  return at::from_blob(buffer->data(), shape, give_back, type);
}

RecyclesAll::RecyclesAll() { FreeBuffers::instance().change_keepers(1); }
RecyclesAll::~RecyclesAll() { FreeBuffers::instance().change_keepers(-1); }

void expect_writes(std::byte* begin, size_t size) {
  wish_for_huge_pages(begin, size);
#if defined(MADV_POPULATE_WRITE)
  const auto first = reinterpret_cast<uintptr_t>(begin);
  const uintptr_t from = first / kPage * kPage;
  const uintptr_t to = (first + size + kPage - 1) / kPage * kPage;
  if (from < to) madvise(reinterpret_cast<void*>(from), to - from, MADV_POPULATE_WRITE);
#endif
}

}  // namespace bigtransfer

// Large pages of memory, as a wish to the system.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace bigtransfer {

inline constexpr size_t kHugePage = size_t{2} << 20;

/// Wishes for huge pages where whole ones fit; the rest stays in small ones. A refusal changes
/// nothing.
inline void wish_for_huge_pages(void* begin, size_t bytes) {
#if defined(__linux__)
  const auto first = reinterpret_cast<uintptr_t>(begin);
  const uintptr_t from = (first + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t to = (first + bytes) / kHugePage * kHugePage;
  if (from < to) madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
#else
  static_cast<void>(begin);
  static_cast<void>(bytes);
#endif
}

}  // namespace bigtransfer

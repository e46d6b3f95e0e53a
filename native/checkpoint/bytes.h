// Little-endian loads and overflow-checked arithmetic: what every parser of untrusted bytes needs.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace bigtransfer::checkpoint {

// Tensors are used where they lie, in the byte order of the files.
static_assert(std::endian::native == std::endian::little, "big-endian machines are not supported");

/// The little-endian number at `offset`; the caller has checked that it lies within `bytes`.
template <typename T>
T load(std::string_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

/// a + b, or nothing when it overflows.
inline std::optional<uint64_t> checked_add(uint64_t a, uint64_t b) {
  if (a > std::numeric_limits<uint64_t>::max() - b) return std::nullopt;
  return a + b;
}

/// a * b, or nothing when it overflows.
inline std::optional<uint64_t> checked_multiply(uint64_t a, uint64_t b) {
  if (b != 0 && a > std::numeric_limits<uint64_t>::max() / b) return std::nullopt;
  return a * b;
}

/// Whether `length` bytes from `offset` end at `limit` or before.
inline bool reaches_within(uint64_t offset, uint64_t length, uint64_t limit) {
  const auto end = checked_add(offset, length);
  return end && *end <= limit;
}

/// Bytes of a dense tensor, or nothing when a dimension is negative or they overflow int64, which
/// libtorch counts in. Dimensions of 0 count as 1 in the check, as they do in libtorch's strides.
inline std::optional<uint64_t> dense_bytes(const std::vector<int64_t>& shape, uint64_t item_bytes) {
  uint64_t total = item_bytes;
  bool empty = false;
  for (const int64_t size : shape) {
    if (size < 0) return std::nullopt;
    empty = empty || size == 0;
    const auto next = checked_multiply(total, std::max<uint64_t>(static_cast<uint64_t>(size), 1));
    if (!next || *next > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return std::nullopt;
    }
    total = *next;
  }
  return empty ? 0 : total;
}

}  // namespace bigtransfer::checkpoint

// Several neighbouring channels, moved as one.
#pragma once

#include <c10/core/ScalarType.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <cstdint>

#include "common/error.h"
#include "ops/cuda/launch.h"

namespace bigtransfer::ops::cuda {

/// Bytes that one thread moves at once.
inline constexpr int64_t kPackBytes = 16;

template <typename T, int kWidth>
struct alignas(sizeof(T) * kWidth) Pack {
  T values[kWidth];
};

template <typename T, int kWidth>
__device__ inline Pack<T, kWidth> load_pack(const T* from) {
  return *reinterpret_cast<const Pack<T, kWidth>*>(from);
}

template <typename T, int kWidth>
__device__ inline void store_pack(T* to, const Pack<T, kWidth>& pack) {
  *reinterpret_cast<Pack<T, kWidth>*>(to) = pack;
}

/// Calls body(T(), integral constant of the widest pack that divides `channels`) for an element
/// type of the GPU.
template <typename Body>
void for_element(at::ScalarType type, int64_t channels, const Body& body) {
  const auto widest = [&](auto element) {
    using T = decltype(element);
    constexpr int kWide = static_cast<int>(kPackBytes / sizeof(T));
    if (channels % kWide == 0) {
      body(element, std::integral_constant<int, kWide>());
    } else {
      body(element, std::integral_constant<int, 1>());
    }
  };
  switch (type) {
    case at::kFloat:
      return widest(float());
    case at::kHalf:
      return widest(c10::Half());
    case at::kBFloat16:
      return widest(c10::BFloat16());
    default:
      throw Error(ErrorCode::kDevice, "The GPU computes in float32, float16 and bfloat16");
  }
}

}  // namespace bigtransfer::ops::cuda

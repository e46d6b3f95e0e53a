// The types that GPUs compute in, and how many neighbouring values a thread moves as one.
#pragma once

#include <c10/core/ScalarType.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <cstdint>
#include <type_traits>

#include "common/error.h"

namespace bigtransfer::ops::cuda {

/// Bytes that one thread moves at once.
inline constexpr int64_t kPackBytes = 16;

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

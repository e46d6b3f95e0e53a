// Several neighbouring channels, moved as one.
#pragma once

#include <cstring>

#include "ops/cuda/element.h"
#include "ops/cuda/launch.h"

namespace bigtransfer::ops::cuda {

template <typename T, int kWidth>
struct alignas(sizeof(T) * kWidth) Pack {
  T values[kWidth];
};

/// What so many bytes are loaded and stored as in one instruction; a struct would go value by
/// value.
template <size_t kBytes>
struct Word;
template <>
struct Word<16> {
  using Type = uint4;
};
template <>
struct Word<8> {
  using Type = uint2;
};
template <>
struct Word<4> {
  using Type = uint32_t;
};
template <>
struct Word<2> {
  using Type = uint16_t;
};

template <typename T, int kWidth>
__device__ inline Pack<T, kWidth> load_pack(const T* from) {
  using Moved = typename Word<sizeof(Pack<T, kWidth>)>::Type;
  const Moved word = *reinterpret_cast<const Moved*>(from);
  Pack<T, kWidth> pack;
  std::memcpy(&pack, &word, sizeof(pack));
  return pack;
}

template <typename T, int kWidth>
__device__ inline void store_pack(T* to, const Pack<T, kWidth>& pack) {
  using Moved = typename Word<sizeof(pack)>::Type;
  Moved word;
  std::memcpy(&word, &pack, sizeof(word));
  *reinterpret_cast<Moved*>(to) = word;
}

/// store_pack() to device memory, in one instruction even where the compiler would rather take the
/// word apart again.
template <typename T, int kWidth>
__device__ inline void write_pack(T* to, const Pack<T, kWidth>& pack) {
#if defined(__CUDA_ARCH__)
  if constexpr (sizeof(pack) == 16) {
    uint4 word;
    std::memcpy(&word, &pack, sizeof(word));
    asm volatile("st.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(to)),
                 "r"(word.x), "r"(word.y), "r"(word.z), "r"(word.w)
                 : "memory");
    return;
  }
#endif
  store_pack(to, pack);
}

/// Starts a copy of a pack from device to shared memory that does not wait; the thread sees it
/// after wait_for_copies(), others after a barrier too. Before Ampere, and for packs that are too
/// narrow, it is complete at once.
template <typename T, int kWidth>
__device__ inline void start_copy(T* to, const T* from) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  constexpr int kBytes = sizeof(Pack<T, kWidth>);
  if constexpr (kBytes >= 4) {
    const auto place = static_cast<unsigned>(__cvta_generic_to_shared(to));
    if constexpr (kBytes == 16) {
      asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(place), "l"(from) : "memory");
    } else {
      asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(place), "l"(from), "n"(kBytes)
                   : "memory");
    }
    return;
  }
#endif
  store_pack(to, load_pack<T, kWidth>(from));
}

/// For the thread's own copies.
__device__ inline void wait_for_copies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_all;" ::: "memory");
#endif
}

}  // namespace bigtransfer::ops::cuda

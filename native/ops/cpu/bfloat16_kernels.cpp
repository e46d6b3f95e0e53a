// Convolutions in bfloat16: input and weights are rounded to it, everything else is float.
#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

#include <algorithm>

#include "ops/cpu/kernel_sets.h"
#include "ops/cpu/pointwise.h"
#include "ops/cpu/spatial.h"
#include "ops/cpu/weight_gradient.h"
#include "ops/cpu/winograd.h"
#include "ops/cpu/winograd_gradient.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// Products of bfloat16 are exact in float, in which they are added up.
struct BFloat16 {
  using Value = uint16_t;
  static constexpr int64_t kPack = 2;
  /// Additions lose nothing to speak of, beside what rounding the factors does.
  static constexpr int64_t kChain = int64_t{1} << 32;

#if defined(__AVX512BF16__)
  using Factor = __m512bh;
  using Weights = __m512bh;

  static Factor factor(const Value* x) {
    int32_t word;
    std::memcpy(&word, x, sizeof word);
    return (__m512bh)_mm512_set1_epi32(word);
  }
  static Weights weights(const float* words) { return (__m512bh)_mm512_loadu_si512(words); }
  static Vec multiply_add(Vec sum, Factor x, Weights w) {
    return (Vec)_mm512_dpbf16_ps((__m512)sum, x, w);
  }
  static void put(Value* to, Vec v) {
    const __m256bh halves = _mm512_cvtneps_pbh((__m512)v);
    std::memcpy(to, &halves, sizeof halves);
  }
  static Vec word(const Vec* pixels) {
    const auto widened = [](Vec v) {
      return __builtin_convertvector((Halves)_mm512_cvtneps_pbh((__m512)v), Bits);
    };
    return (Vec)(widened(pixels[0]) | widened(pixels[1]) << 16);
  }
#else
  /// The first values of all pairs and the second ones.
  struct Pairs {
    Vec first;
    Vec second;
  };
  using Factor = Pairs;
  using Weights = Pairs;

  static Factor factor(const Value* x) {
    const Vec zero{};
    return {zero + as_float(x[0]), zero + as_float(x[1])};
  }
  static Weights weights(const float* words) {
    const Bits bits = (Bits)load(words);
    return {(Vec)(bits << 16), (Vec)(bits & 0xffff0000U)};
  }
  static Vec multiply_add(Vec sum, const Factor& x, const Weights& w) {
    return sum + x.first * w.first + x.second * w.second;
  }
  static void put(Value* to, Vec v) {
    const Halves halves = rounded(v);
    std::memcpy(to, &halves, sizeof halves);
  }
  /// The words of a vector of channels: a value of each of kPack pixels.
  static Vec word(const Vec* pixels) {
    const Bits first = __builtin_convertvector(rounded(pixels[0]), Bits);
    return (Vec)(first | __builtin_convertvector(rounded(pixels[1]), Bits) << 16);
  }
#endif

  static void copy(const float* from, int64_t count, Value* to) {
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) put(to + i, load(from + i));
    float rest[kLanes] = {};
    std::copy(from + i, from + count, rest);
    Value last[kLanes];
    put(last, load(rest));
    std::copy(last, last + (count - i), to + i);
  }

  /// WordPacking::put.
  static void pack(const float* values, int64_t count, int64_t channel, float* words) {
    for (int64_t i = 0; i < count; i += kLanes) {
      Bits word = __builtin_convertvector(rounded(load(values + i)), Bits);
      if (channel % kPack == 1) word = (Bits)load(words + i) | word << 16;
      store(words + i, (Vec)word);
    }
  }

 private:
  using Bits = uint32_t __attribute__((vector_size(kLanes * sizeof(uint32_t))));
  using Halves = uint16_t __attribute__((vector_size(kLanes * sizeof(uint16_t))));

  static float as_float(Value value) {
    const uint32_t bits = static_cast<uint32_t>(value) << 16;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return result;
  }

  /// To nearest, ties to even; NaN stays NaN.
  static Halves rounded(Vec v) {
    const Bits bits = (Bits)v;
    const Bits nearest = bits + 0x7fffU + ((bits >> 16) & 1U);
    const Bits quiet = bits | 0x400000U;
    return __builtin_convertvector((v == v ? nearest : quiet) >> 16, Halves);
  }
};

ConvKernels bfloat16_kernels() {
  return {
      .packing = {BFloat16::kPack, BFloat16::pack},
      .pointwise = pointwise<BFloat16>,
      .spatial = spatial<BFloat16>,
      .winograd2 = [](const ConvTask& task) { Tiles<2, BFloat16>(task).run(); },
      // Its transforms would lose most of the digits.
      .winograd4 = nullptr,
      .weight_gradient = weight_gradient<BFloat16>,
      .gradient_units = gradient_units,
  };
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

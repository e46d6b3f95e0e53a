// Both directions of the resize of RGB bytes: products of 16 bits, two taps at a time.
#include <immintrin.h>

#include <cstring>

#include "ops/cpu/kernel_sets.h"
#include "ops/kernels.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {
namespace {

constexpr int64_t kRgb = 3;
/// How often AcrossTask has each weight.
constexpr int64_t kRepeats = 4;
/// Bytes that are resized down together.
constexpr int64_t kBytes = 16;

/// Four taps of one output pixel: pixels 0 and 1 in the lower half as r0 r1 g0 g1 b0 b1, in 16 bits
/// each, and 2 and 3 in the upper.
inline __m256i four_pixels(const uint8_t* in) {
  const __m256i bytes =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in)));
  const __m256i pairs =
      _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, 6, -1, 9, -1, 7,
                       -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  return _mm256_shuffle_epi8(bytes, pairs);
}

inline __m256i load_weights(const int16_t* weights) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights));
}

/// Adds four taps of output `i`, from tap `t`, to both halves of its sums.
inline void add_taps(const AcrossTask& task, int64_t i, int64_t t, __m256i& sums) {
  const uint8_t* in = task.line + (task.first[i] + t) * kRgb;
  const int16_t* weights = task.weights + (i * task.taps + t) * kRepeats;
  sums = _mm256_add_epi32(sums, _mm256_madd_epi16(four_pixels(in), load_weights(weights)));
}

/// The halves of two pixels added up: the first one's below the second one's.
inline __m256i joined(__m256i a, __m256i b) {
  return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20),
                          _mm256_permute2x128_si256(a, b, 0x31));
}

inline __m256i rounded(__m256i sums, __m256i half, __m128i shift) {
  return _mm256_sra_epi32(_mm256_add_epi32(sums, half), shift);
}

/// Outputs i to i + 4 as the first 12 bytes.
inline __m128i across_four(const AcrossTask& task, int64_t i, __m256i half, __m128i shift) {
  __m256i sums[kAcrossOutputs] = {};
  for (int64_t t = 0; t < task.taps; t += kAcrossTaps) {
    for (int64_t k = 0; k < kAcrossOutputs; ++k) add_taps(task, i + k, t, sums[k]);
  }
  const __m256i low = joined(sums[0], sums[1]);
  const __m256i high = joined(sums[2], sums[3]);
  // Lower half: outputs i and i + 2, upper half: i + 1 and i + 3, four bytes each.
  const __m256i words = _mm256_packs_epi32(rounded(low, half, shift), rounded(high, half, shift));
  const __m256i bytes = _mm256_packus_epi16(words, words);
  const __m128i pixels =
      _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
  const __m128i dense = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
  return _mm_shuffle_epi8(pixels, dense);
}

void across(const AcrossTask& given) {
  const AcrossTask task = given;  // stores of bytes could change the original
  const __m256i half = _mm256_set1_epi32(1 << (task.shift - 1));
  const __m128i shift = _mm_cvtsi32_si128(task.shift);
  for (int64_t i = 0; i < task.outputs; i += kAcrossOutputs)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(task.out + i * kRgb),
                     across_four(task, i, half, shift));
}

inline __m128i load(const uint8_t* bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

/// 16 bytes from `k`, of which all rows have enough to spare.
inline __m128i down_bytes(const DownTask& task, int64_t k, __m256i half, __m128i shift) {
  __m256i low = half;
  __m256i high = half;
  for (int64_t t = 0; t < task.taps; t += kDownTaps) {
    const __m128i a = load(task.rows[t] + k);
    const __m128i b = load(task.rows[t + 1] + k);
    int32_t bits;
    std::memcpy(&bits, task.weights + t, sizeof bits);
    const __m256i weights = _mm256_set1_epi32(bits);
    const __m256i pairs_low = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b));
    const __m256i pairs_high = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
    low = _mm256_add_epi32(low, _mm256_madd_epi16(pairs_low, weights));
    high = _mm256_add_epi32(high, _mm256_madd_epi16(pairs_high, weights));
  }
  const __m256i words = _mm256_permute4x64_epi64(
      _mm256_packs_epi32(_mm256_sra_epi32(low, shift), _mm256_sra_epi32(high, shift)), 0xd8);
  return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

void down(const DownTask& task) {
  const __m256i half = _mm256_set1_epi32(1 << (task.shift - 1));
  const __m128i shift = _mm_cvtsi32_si128(task.shift);
  int64_t k = 0;
  for (; k + kBytes <= task.bytes; k += kBytes)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(task.out + k), down_bytes(task, k, half, shift));
  if (k == task.bytes) return;
  uint8_t rest[kBytes];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(rest), down_bytes(task, k, half, shift));
  std::memcpy(task.out + k, rest, static_cast<size_t>(task.bytes - k));
}

}  // namespace

ResizeKernels resize_kernels() { return {.across = across, .down = down}; }

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

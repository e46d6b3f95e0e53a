// Vectors of the compiler's own, as wide as the instruction set that this file is compiled for.
#pragma once

#include <cstdint>
#include <cstring>

// BIGTRANSFER_ISA, from the build, names a namespace for each instruction set: with one for all,
// the linker would keep one copy of the templates.
namespace bigtransfer::ops::BIGTRANSFER_ISA {

inline constexpr int kLanes = BIGTRANSFER_LANES;

using Vec = float __attribute__((vector_size(kLanes * sizeof(float))));
using DoubleVec = double __attribute__((vector_size(kLanes * sizeof(double))));

/// Loads and stores of any alignment.
inline Vec load(const float* p) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

inline void store(float* p, Vec v) { std::memcpy(p, &v, sizeof v); }

/// max(v, 0), where NaN stays NaN.
inline Vec relu(Vec v) {
  const Vec zero{};
  return zero > v ? zero : v;
}

/// sums[0..kLanes) += v.
inline void accumulate(double* sums, Vec v) {
  DoubleVec total;
  std::memcpy(&total, sums, sizeof total);
  total += __builtin_convertvector(v, DoubleVec);
  std::memcpy(sums, &total, sizeof total);
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

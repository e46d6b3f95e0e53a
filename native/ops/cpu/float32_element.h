// Numbers that products are made of: float32 as it is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "ops/cpu/vec.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {

/// See BFloat16 for the other one.
struct Float32 {
  /// Of the input, as it is prepared.
  using Value = float;
  /// Values in a word.
  static constexpr int64_t kPack = 1;
  /// Words of a product that are added up one after the other at least, before their sum joins
  /// those of others: every addition loses as much as the sum is large. With segments of a row of
  /// taps the stem's 3 * 7 * 7 are one chain, which is libtorch's order too: what is rounded there
  /// is most of what a network's outputs are off, and had better be the same.
  static constexpr int64_t kChain = 128;

  /// A word of the input for every lane, and a vector of the weights' words.
  using Factor = float;
  using Weights = Vec;

  static Factor factor(const Value* x) { return *x; }
  static Weights weights(const float* words) { return load(words); }
  static Vec multiply_add(Vec sum, Factor x, Weights w) { return sum + x * w; }

  /// Rounds a vector of the input, or `count` values of it.
  static void put(Value* to, Vec v) { store(to, v); }
  static void copy(const float* from, int64_t count, Value* to) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
  }

  /// The words of a vector of channels: a value of each of kPack pixels.
  static Vec word(const Vec* pixels) { return pixels[0]; }

  /// WordPacking::put.
  static void pack(const float* values, int64_t count, int64_t, float* words) {
    std::copy_n(values, count, words);
  }
};

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

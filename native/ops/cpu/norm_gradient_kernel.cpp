// Gradients through group norm and ReLU: channels in blocks whose constants stay in registers.
#include <algorithm>

#include "ops/cpu/kernel_sets.h"
#include "ops/cpu/vec.h"

namespace bigtransfer::ops::BIGTRANSFER_ISA {
namespace {

constexpr int64_t kPanel = 2 * kLanes;
/// Float sums over more pixels would lose digits.
constexpr int64_t kMostSummed = 128;

/// Two vectors of one array.
struct Pair {
  Vec of[2];

  explicit Pair(const float* p) : of{load(p), load(p + kLanes)} {}
};

/// The gradient where the ReLU lets it through, as PyTorch has it: NaN does.
inline Vec through(Vec y, Vec gradient) {
  const Vec zero{};
  return y <= zero ? zero : gradient;
}

void sum(const NormGradientTask& task, double* sums) {
  const int64_t pitch = task.shape.pitch;
  for (int64_t begin = task.pixel_begin; begin < task.pixel_end; begin += kMostSummed) {
    const int64_t end = std::min(begin + kMostSummed, task.pixel_end);
    for (int64_t c = 0; c < pitch; c += kPanel) {
      const Pair scale(task.scale + c);
      const Pair shift(task.shift + c);
      const Pair unit_scale(task.unit_scale + c);
      const Pair unit_shift(task.unit_shift + c);
      Vec total[2] = {};
      Vec product[2] = {};
      for (int64_t p = begin; p < end; ++p) {
        for (int v = 0; v < 2; ++v) {
          const int64_t at = p * pitch + c + v * kLanes;
          const Vec x = load(task.x + at);
          const Vec g = through(x * scale.of[v] + shift.of[v], load(task.gradient + at));
          total[v] += g;
          product[v] += g * (x * unit_scale.of[v] + unit_shift.of[v]);
        }
      }
      for (int v = 0; v < 2; ++v) {
        accumulate(sums + c + v * kLanes, total[v]);
        accumulate(sums + pitch + c + v * kLanes, product[v]);
      }
    }
  }
}

template <bool HasMore>
void apply(const NormGradientTask& task, const float* slopes, const float* offsets,
           const float* more, float* out) {
  const int64_t pitch = task.shape.pitch;
  for (int64_t begin = task.pixel_begin; begin < task.pixel_end; begin += kMostSummed) {
    const int64_t end = std::min(begin + kMostSummed, task.pixel_end);
    for (int64_t c = 0; c < pitch; c += kPanel) {
      const Pair scale(task.scale + c);
      const Pair shift(task.shift + c);
      const Pair slope(slopes + c);
      const Pair offset(offsets + c);
      for (int64_t p = begin; p < end; ++p) {
        for (int v = 0; v < 2; ++v) {
          const int64_t at = p * pitch + c + v * kLanes;
          const Vec x = load(task.x + at);
          const Vec g = through(x * scale.of[v] + shift.of[v], load(task.gradient + at));
          Vec made = g * scale.of[v] + x * slope.of[v] + offset.of[v];
          if (HasMore) made += load(more + at);
          store(out + at, made);
        }
      }
    }
  }
}

}  // namespace

NormGradientKernels norm_gradient_kernels() {
  return {.sum = sum,
          .apply = [](const NormGradientTask& task, const float* slope, const float* offset,
                      const float* more, float* out) {
            if (more) {
              apply<true>(task, slope, offset, more, out);
            } else {
              apply<false>(task, slope, offset, nullptr, out);
            }
          }};
}

}  // namespace bigtransfer::ops::BIGTRANSFER_ISA

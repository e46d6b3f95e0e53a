// The two ways of a norm, behind group_norm_act().
#pragma once

#include <type_traits>

#include "ops/cuda/element.h"
#include "ops/cuda/group_norm_act.h"

namespace bigtransfer::ops::cuda {

/// Threads of every block of a norm.
inline constexpr int kNormThreads = 256;

/// Floats of shared memory in which a block adds up, for each value of a pack.
inline constexpr int64_t kReductionFloats = int64_t{kNormThreads};

/// The totals of a block's channels begin and end at multiples of so many floats.
inline constexpr int64_t kTotalsMultiple = 4;

constexpr int64_t round_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

NormShape shape_of(const NormTask& task);

/// Calls body(element of x, element of y, width of packs) with the types of a norm.
template <typename Body>
void for_norm(const NormTask& task, const Body& body) {
  for_element(task.type, task.channels, [&](auto x, auto width) {
    if (task.y_type == task.type) return body(x, x, width);
    if constexpr (std::is_same_v<decltype(x), c10::Half>) {
      if (task.y_type == at::kBFloat16) return body(x, c10::BFloat16(), width);
    }
    throw Error(ErrorCode::kDevice, "A norm's result is of its input's type, or bfloat16");
  });
}

void norm_on_chip(const NormTask& task, const NormPlan& plan, Stream stream);
void norm_in_passes(const NormTask& task, const NormPlan& plan, float* scratch, Stream stream);

}  // namespace bigtransfer::ops::cuda

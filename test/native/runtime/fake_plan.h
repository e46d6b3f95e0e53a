// A network of one sum per image, and the results that it should give.
#pragma once

#include <ATen/ATen.h>
#include <c10/util/Exception.h>

#include <functional>

#include "model/plan.h"
#include "model/runs.h"

namespace bigtransfer::test {

/// Images whose values are their places in the batch.
inline at::Tensor numbered_images(int64_t count) {
  return at::arange(count, at::kFloat).view({count, 1, 1, 1}).expand({count, 3, 2, 2}).contiguous();
}

inline model::Wanted sums_wanted() {
  model::Wanted wanted = only_logits();
  wanted.hidden_states = true;
  return wanted;
}

/// Logits [N, 1] and one hidden state [N, 3], from the images' own values.
inline model::RunResult sums_of(const at::Tensor& images) {
  model::RunResult result;
  result.logits = images.sum({1, 2, 3}).unsqueeze(1);
  result.hidden_states.push_back(images.sum({2, 3}));
  return result;
}

[[noreturn]] inline void run_out_of_memory() {
  TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate 20.00 MiB");
  std::abort();
}

[[noreturn]] inline void fail_on_device() {
  TORCH_CHECK(false, "CUDA error: an illegal memory access was encountered\nmore words");
  std::abort();
}

/// Whether a result is that of all images 0 to count - 1, in order.
inline bool is_complete(const model::RunResult& result, int64_t count) {
  const model::RunResult expected = sums_of(numbered_images(count));
  return result.logits.equal(expected.logits) && result.hidden_states.size() == 1 &&
         result.hidden_states[0].equal(expected.hidden_states[0]) &&
         !result.pooler_output.defined();
}

}  // namespace bigtransfer::test

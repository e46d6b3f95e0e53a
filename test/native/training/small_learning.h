// A small network that learns, with blocks that may be left out, and what it learns from.
#pragma once

#include "model/small_spec.h"
#include "training/micro_batch.h"
#include "training/micro_step.h"

namespace bigtransfer::test {

inline constexpr int64_t kLearntLabels = 5;

inline model::NetworkSpec learning_spec() {
  model::NetworkSpec spec = small_spec();
  spec.drop_path_rate = 0.6;
  spec.num_labels = kLearntLabels;
  return spec;
}

inline training::Graph learning_graph() {
  const model::Topology topology = model::make_topology(learning_spec(), "bit.");
  return {topology, model::Weights(model::parameters(topology), 5), at::kFloat, false};
}

/// Another one for each number; `images` are learnt from, and with `mixes` there is one more.
inline training::MicroBatch numbered_batch(int64_t number, int64_t images, bool mixes) {
  at::manual_seed(static_cast<uint64_t>(number) + 100);
  const int64_t all = images + (mixes ? 1 : 0);
  training::MicroBatch batch{.images = at::randn({all, 3, 32, 32}),
                             .labels = at::randint(kLearntLabels, {all}, at::kLong),
                             .mixing = {},
                             .weight = 1.0 / static_cast<double>(1 + number),
                             .draws = {static_cast<uint64_t>(number), 1, images + 2}};
  if (mixes)
    batch.mixing = training::Mixing{0.1 * static_cast<double>(number % 10),
                                    at::arange(images, 0, -1, at::kLong)};
  return batch;
}

}  // namespace bigtransfer::test

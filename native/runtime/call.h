// One forward call: what it asks and what becomes of it.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/loss.h"
#include "model/run.h"
#include "runtime/engine.h"

namespace bigtransfer::runtime {

struct ForwardRequest {
  CallImages images;
  model::Wanted wanted;
  /// Undefined for no loss.
  at::Tensor labels;
  std::optional<model::ProblemType> problem;
  /// Whether the layers are timed.
  bool profile;
  /// Calls of a higher one start first.
  int priority;
};

/// How a call fared in the queue.
struct CallTimes {
  double queued_ms;
  /// Of the whole batch.
  double computed_ms;
  /// Calls that ran together, and their images.
  int64_t batch_calls;
  int64_t batch_images;
  /// Whether it is the first call of its batch.
  bool first;
};

struct ForwardResult {
  model::RunResult run;
  at::Tensor loss;
  /// Empty unless asked for.
  std::vector<model::LayerTime> layers;
  /// GPUs that failed meanwhile, each once, for people.
  std::vector<std::string> warnings;
  CallTimes times;
};

/// A result, or what was thrown instead: Cancelled for a cancelled call.
using Outcome = std::variant<std::exception_ptr, ForwardResult>;

}  // namespace bigtransfer::runtime

// Once a part has fitted, the rest of the batch goes in parts of its size.
#include "runtime/halving.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "common/error.h"
#include "devices/gpu_failure.h"

namespace bigtransfer::runtime {
namespace {

/// Nothing where memory ran out. What the run had allocated is free again by the time this returns.
std::optional<model::RunResult> attempt(const Share& share, const RunShare& run) {
  try {
    return run(share);
  } catch (...) {
    if (devices::gpu_failure() != devices::GpuFailure::kMemory) throw;
    return std::nullopt;
  }
}

/// Once more where memory was given back that might be enough.
std::optional<model::RunResult> attempt_twice(const Share& share, const RunShare& run,
                                              const std::function<void()>& release) {
  for (int tries = 0; tries < 2; ++tries) {
    if (std::optional<model::RunResult> result = attempt(share, run)) return result;
    release();
  }
  return std::nullopt;
}

}  // namespace

model::RunResult run_halving(const Share& share, const RunShare& run,
                             const std::function<void()>& release) {
  std::vector<model::RunResult> parts;
  const int64_t end = share.begin + share.count;
  int64_t step = share.count;
  for (int64_t begin = share.begin; begin < end;) {
    const Share part{begin, std::min(step, end - begin)};
    if (std::optional<model::RunResult> result = attempt_twice(part, run, release)) {
      parts.push_back(std::move(*result));
      begin += part.count;
      continue;
    }
    if (part.count == 1) {
      throw Error(ErrorCode::kOutOfMemory,
                  "The GPU has no memory for one image of this size: use smaller images, dtype "
                  "'bfloat16', or device 'cpu'");
    }
    step = (part.count + 1) / 2;
  }
  return model::joined(parts);
}

}  // namespace bigtransfer::runtime

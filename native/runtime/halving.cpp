// Once a part has fitted, the rest of the batch goes in parts of its size.
#include "runtime/halving.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "common/error.h"

namespace bigtransfer::runtime {
namespace {

/// Nothing where memory ran out. What the run had allocated is free again by the time this returns.
std::optional<model::RunResult> attempt(const Share& share, const RunShare& run) {
  try {
    return run(share);
  } catch (const c10::OutOfMemoryError&) {
    return std::nullopt;
  }
}

}  // namespace

model::RunResult run_halving(const Share& share, const RunShare& run,
                             const std::function<void()>& release) {
  std::vector<model::RunResult> parts;
  const int64_t end = share.begin + share.count;
  int64_t step = share.count;
  for (int64_t begin = share.begin; begin < end;) {
    const Share part{begin, std::min(step, end - begin)};
    if (std::optional<model::RunResult> result = attempt(part, run)) {
      parts.push_back(std::move(*result));
      begin += part.count;
      continue;
    }
    release();
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

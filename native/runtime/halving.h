// What becomes of a batch that does not fit into a GPU's memory.
#pragma once

#include <cstdint>
#include <functional>

#include "model/run.h"

namespace bigtransfer::runtime {

/// Images `begin` to `begin + count` of a call's batch.
struct Share {
  int64_t begin;
  int64_t count;
};

using RunShare = std::function<model::RunResult(const Share&)>;

/// run(share), where memory runs out (devices::GpuFailure::kMemory) once more, then by halves;
/// `release` is called before each further try. Throws Error kOutOfMemory when not even one image
/// fits.
model::RunResult run_halving(const Share& share, const RunShare& run,
                             const std::function<void()>& release);

}  // namespace bigtransfer::runtime

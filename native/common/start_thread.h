// Threads that live as long as the process, and how many more of them there can be.
#pragma once

#include <system_error>
#include <thread>
#include <utility>

#include "common/error.h"

namespace bigtransfer {

/// Runs `body` on a thread of its own. Throws Error kOutOfMemory when the system gives none.
template <typename Body>
void start_thread(Body body) {
  try {
    std::thread(std::move(body)).detach();
  } catch (const std::system_error& error) {
    throw Error(ErrorCode::kOutOfMemory,
                std::string("The system starts no more threads for this process: ") + error.what());
  }
}

/// How many more threads the system gives the process, up to `wanted`, and some to spare for those
/// who end the process when they are refused one, as Node's own pool does. It starts them and lets
/// them go; after a refusal the answer is 0 for a second, without a trial.
int startable_threads(int wanted);

}  // namespace bigtransfer

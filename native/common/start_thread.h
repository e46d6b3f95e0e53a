// Threads that live as long as the process.
#pragma once

#include <string>
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

}  // namespace bigtransfer

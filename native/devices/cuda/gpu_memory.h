// What recordings and memory that is given back must know of each other.
#pragma once

#include <mutex>

namespace bigtransfer::devices {

/// Held while a thread records: no other may record meanwhile, or give memory back to the driver.
std::mutex& recording();

/// Gives all memory that nobody uses back to the driver, on all devices, and on the CPU what it has
/// pinned.
void release_gpu_memory();

}  // namespace bigtransfer::devices

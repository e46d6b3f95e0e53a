// What recordings and memory that is given back must know of each other.
#pragma once

#include <cuda_runtime_api.h>

#include <mutex>

namespace bigtransfer::devices {

/// Held while a thread records: no other may record meanwhile, or give memory back to the driver.
std::mutex& recording();

/// Gives all memory that nobody uses back to the driver, on all devices, and on the CPU what it has
/// pinned.
void release_gpu_memory();

/// Lets go what PyTorch keeps for cuBLAS's work on a stream, 32 MiB for each thread that used it;
/// nothing may be running there, and no recording of work there may be replayed afterwards.
void release_workspaces(cudaStream_t stream);

}  // namespace bigtransfer::devices

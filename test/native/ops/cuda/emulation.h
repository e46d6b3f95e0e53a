// Enough of a GPU to run kernels on the CPU: the threads of a block take turns from barrier to
// barrier.
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>

#define __global__
#define __device__
#define __syncthreads() ::bigtransfer::ops::cuda::emulation::barrier()

namespace bigtransfer::ops::cuda {
namespace emulation {

struct Index {
  unsigned x, y, z;
};

/// Waits until all threads of the block are here. A thread that ends instead is an error.
void barrier();

/// Runs `thread` for every thread of every block, one block after the other, with fresh shared
/// memory that is full of NaN. Throws std::logic_error where threads do not end together, or write
/// behind that memory.
void run(const Index& grid, int threads, size_t shared_bytes, const std::function<void()>& thread);

}  // namespace emulation

/// CUDA's vectors of these sizes.
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

extern emulation::Index threadIdx;
extern emulation::Index blockIdx;
extern emulation::Index gridDim;

unsigned char* shared_memory();

inline float rsqrtf(float value) { return 1.0f / std::sqrt(value); }

template <typename... Parameters>
void launch(void (*kernel)(Parameters...), const Grid& grid, int threads, size_t shared_bytes,
            Stream, Parameters... arguments) {
  emulation::run(
      {static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y), static_cast<unsigned>(grid.z)},
      threads, shared_bytes, [&] { kernel(arguments...); });
}

}  // namespace bigtransfer::ops::cuda

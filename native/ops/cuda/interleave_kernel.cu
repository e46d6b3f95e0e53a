// Planes to pixels: a thread for each pixel, so that neighbours read neighbours.
#include "ops/cuda/pack.h"
#include "ops/cuda/stem.h"

namespace bigtransfer::ops::cuda {
namespace {

constexpr int kThreads = 256;

/// blockIdx.y counts the images.
template <typename T>
__global__ void interleave_pixels(InterleaveTask task) {
  const int64_t pixel = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (pixel >= task.pixels) return;
  const float* from = task.x + blockIdx.y * task.channels * task.pixels + pixel;
  T* to = static_cast<T*>(task.y) + (blockIdx.y * task.pixels + pixel) * task.pitch;
  for (int64_t c = 0; c < task.pitch; ++c)
    to[c] = static_cast<T>(c < task.channels ? from[c * task.pixels] : 0.0f);
}

}  // namespace

void interleave(const InterleaveTask& task, Stream stream) {
  for_element(task.type, task.pitch, [&](auto element, auto) {
    launch(interleave_pixels<decltype(element)>,
           {(task.pixels + kThreads - 1) / kThreads, task.images}, kThreads, 0, stream, task);
  });
}

}  // namespace bigtransfer::ops::cuda

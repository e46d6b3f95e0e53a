// Planes to pixels: a thread for each pixel, so that neighbours read neighbours, and writes whole
// packs.
#include "ops/cuda/pack.h"
#include "ops/cuda/stem.h"

namespace bigtransfer::ops::cuda {
namespace {

constexpr int kThreads = 256;
/// A pack of four is loaded and stored in one instruction in every type.
constexpr int64_t kWide = 4;

/// blockIdx.y counts the images.
template <typename T, int kWidth>
__global__ void interleave_pixels(InterleaveTask task) {
  const int64_t pixel = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (pixel >= task.pixels) return;
  const float* from = task.x + blockIdx.y * task.channels * task.pixels + pixel;
  T* to = static_cast<T*>(task.y) + (blockIdx.y * task.pixels + pixel) * task.pitch;
  for (int64_t c = 0; c < task.pitch; c += kWidth) {
    Pack<T, kWidth> pack;
    for (int i = 0; i < kWidth; ++i)
      pack.values[i] = static_cast<T>(c + i < task.channels ? from[(c + i) * task.pixels] : 0.0f);
    write_pack(to + c, pack);
  }
}

}  // namespace

void interleave(const InterleaveTask& task, Stream stream) {
  const Grid grid{(task.pixels + kThreads - 1) / kThreads, task.images};
  for_element(task.type, task.pitch, [&](auto element, auto) {
    using T = decltype(element);
    const auto kernel =
        task.pitch % kWide == 0 ? interleave_pixels<T, kWide> : interleave_pixels<T, 1>;
    launch(kernel, grid, kThreads, 0, stream, task);
  });
}

}  // namespace bigtransfer::ops::cuda

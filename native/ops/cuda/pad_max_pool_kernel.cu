// The stem's pool: a thread for each pack of output channels.
#include "ops/cuda/pack.h"
#include "ops/cuda/stem.h"

namespace bigtransfer::ops::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kKernel = 3;
constexpr int64_t kStride = 2;

/// The larger one, and NaN if either is NaN.
__device__ inline float larger(float a, float b) { return a > b || a != a ? a : b; }

template <typename T, int kWidth>
__global__ void pool_windows(PadMaxPoolTask task) {
  const int64_t packs = task.channels / kWidth;
  const int64_t index = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (index >= task.images * task.out_height * task.out_width * packs) return;
  const int64_t c = index % packs * kWidth;
  const int64_t pixel = index / packs;
  const int64_t left = pixel % task.out_width * kStride - task.pad_left;
  const int64_t top = pixel / task.out_width % task.out_height * kStride - task.pad_top;
  const int64_t image = pixel / (task.out_width * task.out_height);
  const T* x =
      static_cast<const T*>(task.x) + image * task.in_height * task.in_width * task.channels;

  float best[kWidth] = {};
  for (int64_t window = 0; window < kKernel * kKernel; ++window) {
    const int64_t row = top + window / kKernel;
    const int64_t column = left + window % kKernel;
    const bool inside = row >= 0 && row < task.in_height && column >= 0 && column < task.in_width;
    Pack<T, kWidth> pack{};
    if (inside) pack = load_pack<T, kWidth>(x + (row * task.in_width + column) * task.channels + c);
    for (int i = 0; i < kWidth; ++i) {
      const float value = inside ? static_cast<float>(pack.values[i]) : 0.0f;
      best[i] = window == 0 ? value : larger(best[i], value);
    }
  }
  Pack<T, kWidth> result;
  for (int i = 0; i < kWidth; ++i) result.values[i] = static_cast<T>(best[i]);
  write_pack(static_cast<T*>(task.y) + pixel * task.channels + c, result);
}

}  // namespace

void pad_max_pool(const PadMaxPoolTask& task, Stream stream) {
  for_element(task.type, task.channels, [&](auto element, auto width) {
    const int64_t threads = task.images * task.out_height * task.out_width * task.channels / width;
    launch(pool_windows<decltype(element), width>, {(threads + kThreads - 1) / kThreads}, kThreads,
           0, stream, task);
  });
}

}  // namespace bigtransfer::ops::cuda

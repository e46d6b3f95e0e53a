// Across first, rounded to bytes that stay on the chip, then down: in whole numbers, as ATen does.
#include "ops/cuda/pack.h"
#include "ops/cuda/resize_pixels.h"

namespace bigtransfer::ops::cuda {
namespace {

constexpr int kThreads = 256;

__device__ inline uint8_t to_byte(int32_t sum, int32_t shift) {
  const int32_t value = sum >> shift;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

/// Output `index` of a line of bytes that lie `step` apart.
__device__ inline uint8_t weigh(const uint8_t* line, int64_t step, const int16_t* weights,
                                const DeviceTaps& taps) {
  int32_t sum = 1 << (taps.shift - 1);
  for (int32_t t = 0; t < taps.taps; ++t) sum += weights[t] * line[t * step];
  return to_byte(sum, taps.shift);
}

/// Where a block's tile lies.
struct Tile {
  int64_t top, left, rows, columns;
  /// The rows of the picture that it takes from.
  int64_t first_row, picture_rows;
};

constexpr int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

__device__ Tile tile_of(const ResizeTask& task, const DevicePicture& picture) {
  Tile tile{};
  tile.left = blockIdx.x * kTileColumns;
  tile.top = blockIdx.y * task.tile_rows;
  tile.columns = smaller(kTileColumns, task.width - tile.left);
  tile.rows = smaller(task.tile_rows, task.height - tile.top);
  tile.first_row = picture.down.first[tile.top];
  const int64_t last = picture.down.first[tile.top + tile.rows - 1] + picture.down.taps;
  tile.picture_rows = smaller(last, picture.height) - tile.first_row;
  return tile;
}

/// The tile's columns of the rows that it takes from, [picture_rows, columns, kRgb].
__device__ void resize_across(const DevicePicture& picture, const Tile& tile, uint8_t* resized) {
  const int64_t pixels = tile.picture_rows * tile.columns;
  for (int64_t i = threadIdx.x; i < pixels; i += kThreads) {
    const int64_t x = tile.left + i % tile.columns;
    const int64_t y = tile.first_row + i / tile.columns;
    const int64_t first = picture.across.first[x];
    const uint8_t* line = picture.pixels + (y * picture.width + first) * kRgb;
    DeviceTaps taps = picture.across;
    // Taps beyond the row weigh nothing, and would lie beyond the picture in its last one.
    taps.taps = static_cast<int32_t>(smaller(taps.taps, picture.width - first));
    for (int64_t c = 0; c < kRgb; ++c)
      resized[i * kRgb + c] =
          weigh(line + c, kRgb, picture.across.weights + x * picture.across.taps, taps);
  }
}

template <typename T>
__device__ void resize_down(const ResizeTask& task, const DevicePicture& picture, const Tile& tile,
                            const uint8_t* resized) {
  T* out = static_cast<T*>(task.y) + blockIdx.z * task.image_stride;
  const int64_t pixels = tile.rows * tile.columns;
  for (int64_t i = threadIdx.x; i < pixels; i += kThreads) {
    const int64_t column = i % tile.columns;
    const int64_t y = tile.top + i / tile.columns;
    const int64_t first = picture.down.first[y] - tile.first_row;
    DeviceTaps taps = picture.down;
    taps.taps = static_cast<int32_t>(smaller(taps.taps, tile.picture_rows - first));
    T* to = out + y * task.row_stride + (tile.left + column) * task.column_stride;
    for (int64_t c = 0; c < task.channels; ++c) {
      float value = 0.0f;
      if (c < kRgb) {
        const uint8_t* line = resized + (first * tile.columns + column) * kRgb + c;
        const uint8_t level =
            weigh(line, tile.columns * kRgb, picture.down.weights + y * picture.down.taps, taps);
        value = task.levels[c * kLevels + level];
      }
      to[c * task.channel_stride] = static_cast<T>(value);
    }
  }
}

/// A tile of one picture: blockIdx.x and y count its tiles, z the pictures.
template <typename T>
__global__ void resize_tile(ResizeTask task) {
  const DevicePicture picture = task.pictures[blockIdx.z];
  const Tile tile = tile_of(task, picture);
  uint8_t* resized = shared_memory();
  resize_across(picture, tile, resized);
  __syncthreads();
  resize_down<T>(task, picture, tile, resized);
}

}  // namespace

void resize_pixels(const ResizeTask& task, Stream stream) {
  const Grid grid{(task.width + kTileColumns - 1) / kTileColumns,
                  (task.height + task.tile_rows - 1) / task.tile_rows, task.images};
  const int64_t bytes = task.most_rows * smaller(kTileColumns, task.width) * kRgb;
  for_element(task.type, 1, [&](auto element, auto) {
    launch(resize_tile<decltype(element)>, grid, kThreads, static_cast<size_t>(bytes), stream,
           task);
  });
}

}  // namespace bigtransfer::ops::cuda

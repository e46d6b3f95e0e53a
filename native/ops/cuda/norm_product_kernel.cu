// Tiles of the result by tensor cores. The left side goes through registers, where it is
// normalised; the right side is copied past them; both are on their way while the tiles before them
// are multiplied.
#include "ops/cuda/norm_product.h"
#include "ops/cuda/norm_statistics.h"
#include "ops/cuda/pack.h"
#include "ops/cuda/tensor_core.h"

namespace bigtransfer::ops::cuda {
namespace {

constexpr int kThreads = 256;
/// Channels that a thread moves as one: 16 bytes.
constexpr int kWidth = 8;

/// Of a block's tile, whose rows are one part of an image.
constexpr int kRows = static_cast<int>(kPartPixels);
constexpr int kColumns = 128;
constexpr int kDepth = 32;
/// Of rows in shared memory: one pack further on, so that neighbouring rows begin in other banks.
constexpr int kPitch = kDepth + kWidth;

/// Warps stand four by two, each with 32 x 64 of the result.
constexpr int kWarpColumns = 2;
constexpr int kWarpRows = kThreads / kWarpThreads / kWarpColumns;
constexpr int kRowFragments = kRows / kWarpRows / kFragment;
constexpr int kColumnFragments = kColumns / kWarpColumns / kFragment;

/// Packs of a tile that each thread moves; they are of the same channels.
constexpr int kPacksInRow = kDepth / kWidth;
constexpr int kRowStep = kThreads / kPacksInRow;
constexpr int kLeftPacks = kRows / kRowStep;
constexpr int kRightPacks = kColumns / kRowStep;

/// A fragment of sums in shared memory, by the warp that has it.
constexpr int kPatchPitch = kFragment + 4;
constexpr int kPatchFloats = kFragment * kPatchPitch;

template <typename T>
struct Tiles {
  T left[2][kRows * kPitch];
  T right[2][kColumns * kPitch];
};

/// In the place of the tiles, once they have been multiplied.
struct Sums {
  float patches[kThreads / kWarpThreads][kPatchFloats];
  float by_column[2][kWarpRows][kColumns];
};

/// A block's part of the task, and the thread's part of the block.
template <typename T>
struct ProductBlock {
  __device__ explicit ProductBlock(const NormProductTask& task)
      : image(blockIdx.z),
        first_row(static_cast<int64_t>(blockIdx.y) * kRows),
        first_column(static_cast<int64_t>(blockIdx.x) * kColumns),
        row(static_cast<int>(threadIdx.x) / kPacksInRow),
        channel(static_cast<int>(threadIdx.x) % kPacksInRow * kWidth),
        x(static_cast<const T*>(task.x) + image * task.pixels * task.in_channels),
        weight(static_cast<const T*>(task.weight)),
        affine(task.affine + image * 2 * task.in_channels) {}

  int64_t image;
  int64_t first_row;
  int64_t first_column;
  /// The first one that the thread moves of each tile.
  int row;
  int channel;
  const T* x;
  const T* weight;
  const float* affine;
};

/// What a thread has on its way of the left side.
template <typename T>
struct Left {
  Pack<T, kWidth> packs[kLeftPacks];
  Pack<float, kWidth / 2> scale[2];
  Pack<float, kWidth / 2> shift[2];
};

/// Starts reading the tile at channel `depth`.
template <typename T>
__device__ void load_left(const NormProductTask& task, const ProductBlock<T>& block, int64_t depth,
                          Left<T>& left) {
  const int64_t c = depth + block.channel;
  left = {};
  if (c >= task.in_channels) return;
  for (int i = 0; i < kLeftPacks; ++i) {
    const int64_t p = block.first_row + block.row + i * kRowStep;
    if (p < task.pixels) left.packs[i] = load_pack<T, kWidth>(block.x + p * task.in_channels + c);
  }
  for (int i = 0; i < 2; ++i) {
    const float* at = block.affine + c + i * (kWidth / 2);
    left.scale[i] = load_pack<float, kWidth / 2>(at);
    left.shift[i] = load_pack<float, kWidth / 2>(at + task.in_channels);
  }
}

/// Beyond the channels scale and shift are zero, and so is what comes of them.
template <typename T>
__device__ void store_left(const ProductBlock<T>& block, const Left<T>& left, T* tile) {
  for (int i = 0; i < kLeftPacks; ++i) {
    Pack<T, kWidth> normed;
    for (int j = 0; j < kWidth; ++j) {
      const int half = j / (kWidth / 2);
      const int place = j % (kWidth / 2);
      const float value =
          static_cast<float>(left.packs[i].values[j]) * left.scale[half].values[place] +
          left.shift[half].values[place];
      normed.values[j] = static_cast<T>(value < 0.0f ? 0.0f : value);
    }
    store_pack(tile + (block.row + i * kRowStep) * kPitch + block.channel, normed);
  }
}

template <typename T>
__device__ void start_right(const NormProductTask& task, const ProductBlock<T>& block,
                            int64_t depth, T* tile) {
  const int64_t c = depth + block.channel;
  for (int i = 0; i < kRightPacks; ++i) {
    const int64_t column = block.first_column + block.row + i * kRowStep;
    T* to = tile + (block.row + i * kRowStep) * kPitch + block.channel;
    if (c < task.in_channels && column < task.out_channels) {
      start_copy<T, kWidth>(to, block.weight + column * task.in_channels + c);
    } else {
      store_pack(to, Pack<T, kWidth>{});
    }
  }
}

using Sum = wmma::fragment<wmma::accumulator, kFragment, kFragment, kFragment, float>;
using SumFragments = Sum[kRowFragments][kColumnFragments];

/// Adds the product of two tiles to the warp's sums.
template <typename T>
__device__ void multiply(const T* left, const T* right, SumFragments& sums) {
  using Value = typename Native<T>::Type;
  const int warp = static_cast<int>(threadIdx.x) / kWarpThreads;
  const auto* a = reinterpret_cast<const Value*>(left) +
                  warp / kWarpColumns * kRowFragments * kFragment * kPitch;
  const auto* b = reinterpret_cast<const Value*>(right) +
                  warp % kWarpColumns * kColumnFragments * kFragment * kPitch;
  BIGTRANSFER_UNROLL
  for (int depth = 0; depth < kDepth; depth += kFragment) {
    wmma::fragment<wmma::matrix_a, kFragment, kFragment, kFragment, Value, wmma::row_major>
        rows[kRowFragments];
    for (int i = 0; i < kRowFragments; ++i)
      wmma::load_matrix_sync(rows[i], a + i * kFragment * kPitch + depth, kPitch);
    BIGTRANSFER_UNROLL
    for (int j = 0; j < kColumnFragments; ++j) {
      wmma::fragment<wmma::matrix_b, kFragment, kFragment, kFragment, Value, wmma::col_major>
          columns;
      wmma::load_matrix_sync(columns, b + j * kFragment * kPitch + depth, kPitch);
      BIGTRANSFER_UNROLL
      for (int i = 0; i < kRowFragments; ++i)
        wmma::mma_sync(sums[i][j], rows[i], columns, sums[i][j]);
    }
  }
}

/// Adds what is to be added, writes 8 channels of a pixel, and counts them.
template <typename T>
__device__ void write_result(const NormProductTask& task, int64_t at, const float* values,
                             float (&sums)[kWidth], float (&squares)[kWidth]) {
  Pack<T, kWidth> added{};
  if (task.added != nullptr) added = load_pack<T, kWidth>(static_cast<const T*>(task.added) + at);
  Pack<T, kWidth> result;
  for (int i = 0; i < kWidth; ++i) {
    float value = values[i];
    if (task.added != nullptr) value += static_cast<float>(added.values[i]);
    result.values[i] = static_cast<T>(value);
    const float rounded = static_cast<float>(result.values[i]);
    sums[i] += rounded;
    squares[i] += rounded * rounded;
  }
  write_pack(static_cast<T*>(task.y) + at, result);
}

/// Adds up, over a warp's threads, what they have for their 8 of a fragment's 16 columns.
__device__ void add_columns(const float (&mine)[kWidth], float* patch, float* totals) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpThreads;
  __syncwarp();
  for (int i = 0; i < kWidth; ++i) patch[lane / 2 * kPatchPitch + lane % 2 * kWidth + i] = mine[i];
  __syncwarp();
  if (lane < kFragment) {
    float total = 0.0f;
    for (int row = 0; row < kFragment; ++row) total += patch[row * kPatchPitch + lane];
    totals[lane] = total;
  }
  __syncwarp();
}

/// Writes the warp's fragments, a row of 16 by two threads, and their sums by column.
template <typename T>
__device__ void write_fragments(const NormProductTask& task, const ProductBlock<T>& block,
                                const SumFragments& fragments, Sums& shared) {
  const int warp = static_cast<int>(threadIdx.x) / kWarpThreads;
  const int lane = static_cast<int>(threadIdx.x) % kWarpThreads;
  const int warp_row = warp / kWarpColumns;
  float* patch = shared.patches[warp];
  BIGTRANSFER_UNROLL
  for (int j = 0; j < kColumnFragments; ++j) {
    const int first = (warp % kWarpColumns * kColumnFragments + j) * kFragment;
    const int64_t column = block.first_column + first + lane % 2 * kWidth;
    float sums[kWidth] = {};
    float squares[kWidth] = {};
    BIGTRANSFER_UNROLL
    for (int i = 0; i < kRowFragments; ++i) {
      __syncwarp();
      wmma::store_matrix_sync(patch, fragments[i][j], kPatchPitch, wmma::mem_row_major);
      __syncwarp();
      const int64_t p = block.first_row + (warp_row * kRowFragments + i) * kFragment + lane / 2;
      if (p < task.pixels && column < task.out_channels)
        write_result<T>(task, (block.image * task.pixels + p) * task.out_channels + column,
                        patch + lane / 2 * kPatchPitch + lane % 2 * kWidth, sums, squares);
    }
    add_columns(sums, patch, shared.by_column[0][warp_row] + first);
    add_columns(squares, patch, shared.by_column[1][warp_row] + first);
  }
}

template <typename T>
__device__ void write_parts(const NormProductTask& task, const ProductBlock<T>& block,
                            const Sums& shared) {
  float* parts = task.parts + (block.image * gridDim.y + blockIdx.y) * 2 * task.out_channels;
  const int column = static_cast<int>(threadIdx.x) % kColumns;
  const int which = static_cast<int>(threadIdx.x) / kColumns;
  if (block.first_column + column >= task.out_channels) return;
  float total = 0.0f;
  for (int row = 0; row < kWarpRows; ++row) total += shared.by_column[which][row][column];
  parts[which * task.out_channels + block.first_column + column] = total;
}

/// A tile of the result: blockIdx.x counts the tiles of columns, y those of rows, z the images.
template <typename T>
__global__ void product_tile(NormProductTask task) {
  if constexpr (HasTensorCores<T>::value) {
    const ProductBlock<T> block(task);
    auto& tiles = *reinterpret_cast<Tiles<T>*>(shared_memory());
    SumFragments sums;
    for (auto& row : sums) {
      for (Sum& each : row) wmma::fill_fragment(each, 0.0f);
    }
    Left<T> left;
    load_left(task, block, 0, left);
    start_right(task, block, 0, tiles.right[0]);
    store_left(block, left, tiles.left[0]);
    wait_for_copies();
    __syncthreads();
    int now = 0;
    for (int64_t depth = kDepth; depth < task.in_channels; depth += kDepth) {
      load_left(task, block, depth, left);
      start_right(task, block, depth, tiles.right[1 - now]);
      multiply(tiles.left[now], tiles.right[now], sums);
      now = 1 - now;
      store_left(block, left, tiles.left[now]);
      wait_for_copies();
      __syncthreads();
    }
    multiply(tiles.left[now], tiles.right[now], sums);
    __syncthreads();
    auto& shared = *reinterpret_cast<Sums*>(shared_memory());
    write_fragments(task, block, sums, shared);
    if (task.parts == nullptr) return;
    __syncthreads();
    write_parts(task, block, shared);
  }
}

/// Calls body(T()) for a type that the kernel serves.
template <typename Body>
void for_half(at::ScalarType type, const Body& body) {
  if (type == at::kHalf) return body(c10::Half());
  if (type == at::kBFloat16) return body(c10::BFloat16());
  throw Error(ErrorCode::kDevice, "Products with a norm are of float16 or bfloat16");
}

}  // namespace

bool has_norm_product(at::ScalarType type, int64_t in_channels, int64_t out_channels) {
  return (type == at::kHalf || type == at::kBFloat16) && in_channels % kWidth == 0 &&
         out_channels % kWidth == 0;
}

void norm_product(const NormProductTask& task, Stream stream) {
  for_half(task.type, [&](auto element) {
    using T = decltype(element);
    static_assert(sizeof(Sums) <= sizeof(Tiles<T>));
    launch(product_tile<T>,
           {(task.out_channels + kColumns - 1) / kColumns, parts_of(task.pixels), task.images},
           kThreads, sizeof(Tiles<T>), stream, task);
  });
}

}  // namespace bigtransfer::ops::cuda

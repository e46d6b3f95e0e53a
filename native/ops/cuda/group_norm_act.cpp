// Chooses between the two ways of a norm by what a block can hold.
#include "ops/cuda/group_norm_act.h"

#include <algorithm>
#include <numeric>

#include "common/error.h"
#include "ops/cuda/element.h"
#include "ops/cuda/group_norm_kernels.h"

namespace bigtransfer::ops::cuda {
namespace {

/// Bytes of one pixel that a block reads at least, where there are blocks enough: a line of the
/// cache, and what memory is fetched in.
constexpr int64_t kLineBytes = 128;
constexpr int64_t kSectorBytes = 32;
/// Two blocks of a norm should fit on a multiprocessor, so that one reads while the other waits.
constexpr int64_t kBlocksPerMultiprocessor = 2;
/// Pixels of a part of an image at least.
constexpr int64_t kLeastPixels = 64;

struct Tiles {
  /// Channels that no block may cut: a group, and a pack.
  int64_t unit;
  int64_t width;
  int64_t element_bytes;
};

Tiles tiles_of(const NormTask& task) {
  Tiles tiles{};
  for_element(task.type, task.channels, [&](auto element, auto width) {
    tiles = {std::lcm(task.channels / task.groups, static_cast<int64_t>(width)), width,
             sizeof(element)};
  });
  return tiles;
}

/// The smallest multiple of the unit with at least so many bytes, at most all channels.
int64_t tile_of(const NormTask& task, const Tiles& tiles, int64_t bytes) {
  const int64_t wanted = (bytes + tiles.element_bytes - 1) / tiles.element_bytes;
  return std::min(round_up(wanted, tiles.unit), task.channels);
}

int64_t blocks_of(const NormTask& task, int64_t tile) {
  return task.images * ((task.channels + tile - 1) / tile);
}

}  // namespace

NormPlan plan_norm(const NormTask& task, const DeviceLimits& limits) {
  if (task.groups < 1 || task.channels % task.groups != 0) {
    throw Error(ErrorCode::kShape, std::to_string(task.channels) + " channels do not fall into " +
                                       std::to_string(task.groups) + " groups");
  }
  const Tiles tiles = tiles_of(task);
  for (const int64_t bytes : {kLineBytes, kLineBytes / 2, kSectorBytes}) {
    const int64_t tile = tile_of(task, tiles, bytes);
    const bool fits =
        tile / tiles.width <= kNormThreads &&
        kBlocksPerMultiprocessor * slab_bytes(task.type, task.pixels, task.channels, tile) <=
            limits.shared_bytes;
    const bool fills = blocks_of(task, tile) >= limits.multiprocessors || bytes == kSectorBytes;
    if (fits && fills) return {.on_chip = true, .tile = tile, .chunks = 0, .scratch = 0};
  }
  const int64_t tile = std::min(task.channels, kNormThreads * tiles.width);
  const int64_t wanted = kBlocksPerMultiprocessor * 2 * limits.multiprocessors;
  const int64_t chunks = std::clamp<int64_t>(wanted / blocks_of(task, tile), 1,
                                             std::max<int64_t>(task.pixels / kLeastPixels, 1));
  return {.on_chip = false,
          .tile = tile,
          .chunks = chunks,
          .scratch = task.images * (chunks + 1) * 2 * task.channels};
}

void group_norm_act(const NormTask& task, const NormPlan& plan, float* scratch, Stream stream) {
  if (plan.on_chip) return norm_on_chip(task, plan, stream);
  norm_in_passes(task, plan, scratch, stream);
}

}  // namespace bigtransfer::ops::cuda

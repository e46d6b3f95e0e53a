// Chooses between the chip and passes by what a block can hold.
#include "ops/cuda/norm_plan.h"

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

Tiles tiles_of(const NormShape& shape) {
  Tiles tiles{};
  for_element(shape.type, shape.channels, [&](auto element, auto width) {
    tiles = {std::lcm(shape.channels / shape.groups, static_cast<int64_t>(width)), width,
             sizeof(element)};
  });
  return tiles;
}

/// The smallest multiple of the unit with at least so many bytes, at most all channels.
int64_t tile_of(const NormShape& shape, const Tiles& tiles, int64_t bytes) {
  const int64_t wanted = (bytes + tiles.element_bytes - 1) / tiles.element_bytes;
  return std::min(round_up(wanted, tiles.unit), shape.channels);
}

int64_t blocks_of(const NormShape& shape, int64_t tile) {
  return shape.images * ((shape.channels + tile - 1) / tile);
}

}  // namespace

int64_t slab_bytes(const NormShape& shape, int64_t maps, int64_t tile) {
  const Tiles tiles = tiles_of(shape);
  const int64_t floats = kReductionFloats * tiles.width + maps * round_up(tile, kTotalsMultiple);
  return floats * static_cast<int64_t>(sizeof(float)) +
         maps * shape.pixels * tile * tiles.element_bytes;
}

NormPlan plan_blocks(const NormShape& shape, int64_t maps, const DeviceLimits& limits) {
  if (shape.groups < 1 || shape.channels % shape.groups != 0) {
    throw Error(ErrorCode::kShape, std::to_string(shape.channels) + " channels do not fall into " +
                                       std::to_string(shape.groups) + " groups");
  }
  const Tiles tiles = tiles_of(shape);
  for (const int64_t bytes : {kLineBytes, kLineBytes / 2, kSectorBytes}) {
    const int64_t tile = tile_of(shape, tiles, bytes);
    const bool fits =
        tile / tiles.width <= kNormThreads &&
        kBlocksPerMultiprocessor * slab_bytes(shape, maps, tile) <= limits.shared_bytes;
    const bool fills = blocks_of(shape, tile) >= limits.multiprocessors || bytes == kSectorBytes;
    if (fits && fills) return {.on_chip = true, .tile = tile, .chunks = 0, .scratch = 0};
  }
  const int64_t tile = std::min(shape.channels, kNormThreads * tiles.width);
  const int64_t wanted = kBlocksPerMultiprocessor * 2 * limits.multiprocessors;
  const int64_t chunks = std::clamp<int64_t>(wanted / blocks_of(shape, tile), 1,
                                             std::max<int64_t>(shape.pixels / kLeastPixels, 1));
  return {.on_chip = false, .tile = tile, .chunks = chunks, .scratch = 0};
}

}  // namespace bigtransfer::ops::cuda

// How a norm, or the way back through one, is shared out among a GPU's blocks.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>

namespace bigtransfer::ops::cuda {

/// What is normalised: [images, pixels, channels] of `type`.
struct NormShape {
  at::ScalarType type;
  int64_t images;
  int64_t pixels;
  int64_t channels;
  int64_t groups;
};

/// By blocks that hold `tile` channels of an image on the chip, or in several kernels that read the
/// images twice.
struct NormPlan {
  bool on_chip;
  int64_t tile;
  /// Parts of an image whose statistics are taken apart; 0 on the chip.
  int64_t chunks;
  /// Floats of device memory that are needed meanwhile.
  int64_t scratch;
};

/// What of a device decides on that.
struct DeviceLimits {
  int64_t multiprocessors;
  /// The most shared memory that a block may have.
  int64_t shared_bytes;
};

/// Without the scratch, for blocks that hold `maps` maps of that shape. Throws Error kShape when
/// the channels do not fall into groups.
NormPlan plan_blocks(const NormShape& shape, int64_t maps, const DeviceLimits& limits);

/// Shared memory of a block that holds `tile` channels of an image of `maps` maps.
int64_t slab_bytes(const NormShape& shape, int64_t maps, int64_t tile);

}  // namespace bigtransfer::ops::cuda

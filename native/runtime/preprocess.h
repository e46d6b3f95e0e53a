// Decoded pictures to one batch of pixel values.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "ops/pixel_values.h"
#include "ops/resize_image.h"
#include "runtime/cancel.h"

namespace bigtransfer::runtime {

/// One picture: interleaved uint8 rows as a [height, width, channels] tensor, and the size that
/// the resize step gives it.
struct Picture {
  at::Tensor pixels;
  int64_t resized_height;
  int64_t resized_width;
};

struct PreprocessRequest {
  std::vector<Picture> pictures;
  ops::Resample resample;
  /// Grey is repeated and alpha dropped, so that three channels come out.
  bool convert_rgb;
  struct Size {
    int64_t height, width;
  };
  std::optional<Size> crop;
  ops::PixelScaling scaling;
};

/// [N, C, H, W], float32 unless nothing is scaled. Throws Error kImage naming the picture when the
/// pictures come out in different sizes.
at::Tensor preprocess(const PreprocessRequest& request, const CancelToken& token);

}  // namespace bigtransfer::runtime

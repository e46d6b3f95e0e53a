// A decoded picture to pixel values.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

#include "ops/pixel_values.h"
#include "ops/resize_image.h"

namespace bigtransfer::runtime {

/// One picture: interleaved uint8 rows as a [height, width, channels] tensor, and the size that
/// the resize step gives it.
struct Picture {
  at::Tensor pixels;
  int64_t resized_height;
  int64_t resized_width;
};

struct PreprocessRequest {
  Picture picture;
  ops::Resample resample;
  /// Grey is repeated and alpha dropped, so that three channels come out.
  bool convert_rgb;
  struct Size {
    int64_t height, width;
  };
  std::optional<Size> crop;
  ops::PixelScaling scaling;
};

/// [1, C, H, W], float32 unless nothing is scaled. Throws Error kImage when the statistics do not
/// fit the channels.
at::Tensor preprocess(const PreprocessRequest& request);

}  // namespace bigtransfer::runtime

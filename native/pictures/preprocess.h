// A decoded picture to pixel values.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

#include "image/encoded.h"
#include "ops/pixel_scaling.h"
#include "ops/resize_image.h"

namespace bigtransfer::pictures {

/// One picture, and the size that the resize step gives it.
struct Picture {
  /// Interleaved uint8 rows as [height, width, channels]; undefined where there is a file.
  at::Tensor pixels;
  std::optional<image::EncodedPicture> file;
  int64_t resized_height;
  int64_t resized_width;
};

/// What becomes of a picture, whatever its size.
struct PreprocessSteps {
  ops::Resample resample;
  /// Grey is repeated and alpha dropped, so that three channels come out.
  bool convert_rgb;
  struct Size {
    int64_t height, width;

    bool operator==(const Size&) const = default;
  };
  std::optional<Size> crop;
  ops::PixelScaling scaling;

  bool operator==(const PreprocessSteps&) const = default;
};

struct PreprocessRequest {
  Picture picture;
  PreprocessSteps steps;
  /// Whether a JPEG that a GPU can resize is left to that GPU's decoder; nothing to the CPU.
  bool gpu_decode;
};

/// [1, C, H, W], float32 unless nothing is scaled; nothing for a file that image::open_rows() or
/// its reader leaves to others. Throws Error kImage when the statistics do not fit the channels.
std::optional<at::Tensor> preprocess(const PreprocessRequest& request);

}  // namespace bigtransfer::pictures

// Pictures to the network's input on a GPU.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

#include "pictures/staged_picture.h"

namespace bigtransfer::pictures {

/// What the CUDA library offers for pictures.
class GpuPreprocessor {
 public:
  virtual ~GpuPreprocessor() = default;

  /// Whether pixel_values() takes pictures with a JPEG: there is an nvJPEG.
  virtual bool decodes_jpegs() const = 0;
  /// Pictures `begin` to `begin + count` as float [count, 3, H, W] on the device, complete.
  virtual at::Tensor pixel_values(const StagedPictures& pictures, int64_t begin, int64_t count,
                                  int device) const = 0;
};

/// Null where no GPU works.
const GpuPreprocessor* gpu_preprocessor();

/// stage() for the GPUs that there are: pinned memory, and JPEGs left to a decoder that is there.
std::optional<StagedPicture> stage_for_gpus(PreprocessRequest request);

/// [C, H, W] of them all; throws Error kShape where they differ.
std::vector<int64_t> common_shape(const StagedPictures& pictures);

/// What the pictures become, [N, 3, H, W] on the CPU, by way of a GPU: 'cuda:all' is the first one.
/// Throws Error kDevice where there is none, kShape for pictures that do not fit together.
at::Tensor prepare_on_gpu(const StagedPictures& pictures, const std::string& device);

}  // namespace bigtransfer::pictures

// Pictures to the network's input on one GPU.
#pragma once

#include <ATen/ATen.h>

#include "runtime/staged_picture.h"

namespace bigtransfer::runtime {

/// As CudaBackend::pixel_values(), on a stream of its own.
at::Tensor pixel_values_on_gpu(const StagedPictures& pictures, int64_t begin, int64_t count,
                               c10::DeviceIndex device);

}  // namespace bigtransfer::runtime

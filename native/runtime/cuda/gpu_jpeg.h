// The process's JPEG decoder for GPUs.
#pragma once

#include "runtime/nvjpeg.h"

namespace bigtransfer::runtime {

/// Null where there is no nvJPEG of libtorch's CUDA.
NvJpeg* gpu_jpeg_decoder();

}  // namespace bigtransfer::runtime

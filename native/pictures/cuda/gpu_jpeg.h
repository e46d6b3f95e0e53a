// The process's JPEG decoder for GPUs.
#pragma once

#include "pictures/nvjpeg.h"

namespace bigtransfer::pictures {

/// Null where there is no nvJPEG of libtorch's CUDA.
NvJpeg* gpu_jpeg_decoder();

}  // namespace bigtransfer::pictures

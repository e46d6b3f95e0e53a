// By the same ATen calls as transformers' torchvision backend.
#include "ops/center_crop.h"

#include <algorithm>

namespace bigtransfer::ops {

at::Tensor center_crop(const at::Tensor& image, int64_t height, int64_t width) {
  const int64_t rows = std::max<int64_t>(height - image.size(-2), 0);
  const int64_t columns = std::max<int64_t>(width - image.size(-1), 0);
  at::Tensor padded = image;
  if (rows > 0 || columns > 0) {
    padded =
        at::constant_pad_nd(image, {columns / 2, columns - columns / 2, rows / 2, rows - rows / 2});
  }
  return padded.narrow(-2, (padded.size(-2) - height) / 2, height)
      .narrow(-1, (padded.size(-1) - width) / 2, width);
}

}  // namespace bigtransfer::ops

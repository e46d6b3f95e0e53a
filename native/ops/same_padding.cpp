// SAME padding as an ATen pad.
#include "ops/same_padding.h"

#include <algorithm>

namespace bigtransfer::ops {

at::Tensor pad_same(const at::Tensor& x, int64_t kernel, int64_t stride, int64_t dilation) {
  const auto missing = [&](int64_t size) {
    const int64_t outputs = (size + stride - 1) / stride;
    return std::max<int64_t>((outputs - 1) * stride + (kernel - 1) * dilation + 1 - size, 0);
  };
  const int64_t height = missing(x.size(-2));
  const int64_t width = missing(x.size(-1));
  if (height == 0 && width == 0) return x;
  return at::constant_pad_nd(x, {width / 2, width - width / 2, height / 2, height - height / 2});
}

}  // namespace bigtransfer::ops

// SAME padding: output sizes and where the odd zero goes.
#include "ops/same_padding.h"

#include "check.h"
#include "common/error.h"

using namespace bigtransfer;

namespace {

constexpr int64_t kNoPadding = 0;

}  // namespace

TEST("pad_same: a convolution then gives ceil(size / stride) for every size") {
  for (int64_t kernel : {1, 3, 7}) {
    for (int64_t stride : {1, 2}) {
      for (int64_t dilation : {1, 2}) {
        for (int64_t size = 1; size < 20; ++size) {
          const at::Tensor padded =
              ops::pad_same(at::ones({1, 1, size, size + 3}), kernel, stride, dilation);
          const at::Tensor y = at::conv2d(padded, at::ones({1, 1, kernel, kernel}), {}, stride,
                                          kNoPadding, dilation);
          EXPECT(y.size(2) == (size + stride - 1) / stride);
          EXPECT(y.size(3) == (size + 3 + stride - 1) / stride);
        }
      }
    }
  }
}

TEST("pad_same: the odd zero goes right and bottom") {
  const at::Tensor padded = ops::pad_same(at::ones({1, 1, 4, 4}), 3, 2, 1);
  EXPECT(padded.size(2) == 5);
  EXPECT(padded[0][0][4].sum().item<float>() == 0);
  EXPECT(padded[0][0][0].sum().item<float>() == 4);
}

// The middle of an image.
#include "ops/center_crop.h"

#include "check.h"
#include "common/error.h"
#include "ops/resize_image.h"

using namespace bigtransfer;

TEST("center_crop: the middle, rounded towards the top left") {
  const at::Tensor x = at::arange(25, at::kByte).view({1, 1, 5, 5});
  EXPECT(ops::center_crop(x, 2, 2)[0][0][0][0].item<int64_t>() == 6);
  EXPECT(ops::center_crop(x, 3, 3)[0][0][0][0].item<int64_t>() == 6);
}

TEST("center_crop: pads with zeros, the odd one right and bottom") {
  const at::Tensor y = ops::center_crop(at::ones({1, 1, 2, 3}, at::kByte), 5, 6);
  EXPECT(y.sizes() == at::IntArrayRef({1, 1, 5, 6}));
  EXPECT(y.sum().item<int64_t>() == 6);
  EXPECT(y[0][0][1][1].item<int64_t>() == 1);
  EXPECT(y[0][0][0].sum().item<int64_t>() == 0);
}

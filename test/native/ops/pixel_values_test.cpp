// Centre crop and pixel scaling.
#include "ops/pixel_values.h"

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

TEST("scale_pixels: nothing asked, nothing changed") {
  const at::Tensor x = at::ones({1, 3, 2, 2}, at::kByte);
  EXPECT(ops::scale_pixels(x, {}).scalar_type() == at::kByte);
  EXPECT(ops::scale_pixels(x, {.rescale_factor = 0.5, .mean = {}, .std = {}})
             .eq(0.5)
             .all()
             .item<bool>());
}

TEST("scale_pixels: refuses statistics for other channels") {
  const std::vector<double> two{0.5, 0.5};
  const ops::PixelScaling scaling{.rescale_factor = {}, .mean = two, .std = two};
  EXPECT_THROWS(ops::scale_pixels(at::ones({1, 3, 2, 2}, at::kByte), scaling), ErrorCode::kImage,
                "3 channels");
}

TEST("resize_image: the same size is the same tensor; box and hamming are refused") {
  const at::Tensor x = at::ones({1, 3, 4, 4}, at::kByte);
  EXPECT(ops::resize_image(x, 4, 4, ops::Resample::kBox).is_same(x));
  EXPECT_THROWS(ops::resize_image(x, 2, 2, ops::Resample::kBox), ErrorCode::kConfig, "box");
  EXPECT_THROWS(ops::resize_image(x, 2, 2, ops::Resample::kHamming), ErrorCode::kConfig, "hamming");
}

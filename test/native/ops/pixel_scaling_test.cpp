// Centre crop and pixel scaling.
#include "ops/pixel_scaling.h"

#include "check.h"
#include "common/error.h"
#include "ops/resize_image.h"

using namespace bigtransfer;

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

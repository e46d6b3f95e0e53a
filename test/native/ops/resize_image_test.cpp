// Sizes at which ATen's own kernels give up.
#include "ops/resize_image.h"

#include "check.h"

using namespace bigtransfer;
using namespace bigtransfer::ops;

TEST("resize image: to one pixel, channel by channel as ATen does one channel") {
  at::manual_seed(4);
  for (const Resample resample : {Resample::kBilinear, Resample::kBicubic, Resample::kLanczos}) {
    for (const int64_t height : {2, 7}) {
      const at::Tensor image = at::randint(0, 256, {1, 3, height, 5}, at::kByte);
      const at::Tensor got = resize_image(image, 1, 1, resample);
      EXPECT((got.sizes() == at::IntArrayRef{1, 3, 1, 1}));
      for (int64_t c = 0; c < 3; ++c) {
        const at::Tensor alone = resize_image(image.narrow(1, c, 1), 1, 1, resample);
        EXPECT(at::equal(got.narrow(1, c, 1), alone));
      }
      if (resample == Resample::kBicubic) {
        const at::Tensor plain = at::_upsample_bicubic2d_aa(image.narrow(1, 2, 1), {1, 1}, false);
        EXPECT(at::equal(got.narrow(1, 2, 1), plain));
      }
    }
  }
}

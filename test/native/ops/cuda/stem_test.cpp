// The GPU's layout change and pool against ATen's.
#include "ops/cuda/stem.h"

#include <ATen/ATen.h>

#include "card.h"
#include "check.h"

using namespace bigtransfer;
using namespace bigtransfer::ops::cuda;
using namespace bigtransfer::test;

TEST("cuda interleave: planes to pixels, more channels than there are become zero") {
  at::manual_seed(0);
  for (const int64_t channels : {1, 3, 5}) {
    for (const int64_t pitch : {channels, int64_t{8}}) {
      const at::Tensor x = at::randn({2, channels, 300});
      const at::Tensor there = x.to(kCard);
      at::Tensor result = at::empty({2, 300, pitch}, there.options().dtype(at::kBFloat16));
      interleave({.type = at::kBFloat16,
                  .images = 2,
                  .pixels = 300,
                  .channels = channels,
                  .x = there.const_data_ptr<float>(),
                  .pitch = pitch,
                  .y = result.mutable_data_ptr()},
                 stream());
      const at::Tensor y = result.cpu();
      EXPECT(y.narrow(2, 0, channels).equal(x.transpose(1, 2).to(at::kBFloat16)));
      EXPECT(y.narrow(2, channels, pitch - channels).eq(0).all().item<bool>());
    }
  }
}

namespace {

/// [N, C, H, W] with channels last.
at::Tensor pooled(const at::Tensor& x, int64_t before, int64_t after) {
  const at::Tensor padded = at::constant_pad_nd(x.to(at::kFloat), {before, after, before, after});
  return at::max_pool2d(padded, 3, 2).to(x.scalar_type());
}

void expect_pool(int64_t channels, int64_t height, int64_t width, int64_t before, int64_t after,
                 at::ScalarType type) {
  // Negative throughout, so that the zeros around it show; and one NaN.
  at::Tensor x = at::randn({2, channels, height, width}).abs().neg();
  x[1][0][height / 2][width / 2] = NAN;
  x = x.to(type).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor expected = pooled(x, before, after);
  const at::Tensor there = x.to(kCard);
  at::Tensor result =
      at::empty_like(expected, expected.options().device(kCard), at::MemoryFormat::ChannelsLast);
  pad_max_pool({.type = type,
                .images = 2,
                .channels = channels,
                .in_height = height,
                .in_width = width,
                .out_height = expected.size(2),
                .out_width = expected.size(3),
                .pad_top = before,
                .pad_left = before,
                .x = there.const_data_ptr(),
                .y = result.mutable_data_ptr()},
               stream());
  const at::Tensor y = result.cpu();
  EXPECT(y.isnan().equal(expected.isnan()));
  EXPECT(y.nan_to_num().equal(expected.nan_to_num()));
}

}  // namespace

TEST("cuda pad_max_pool: zeros on both sides or one, packs and single channels, NaN kept") {
  at::manual_seed(0);
  for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16}) {
    for (const int64_t channels : {16, 3}) {
      expect_pool(channels, 11, 14, 1, 1, type);
      expect_pool(channels, 8, 5, 0, 1, type);
      expect_pool(channels, 1, 1, 1, 1, type);
    }
  }
}

// Scale and shift of a norm from sums by parts, against ATen's in double precision.
#include "ops/cuda/norm_statistics.h"

#include <ATen/ATen.h>

#include "card.h"
#include "check.h"

using namespace bigtransfer;
using namespace bigtransfer::ops::cuda;
using namespace bigtransfer::test;

namespace {

constexpr double kEpsilon = 1e-5;

struct Shape {
  int64_t images, pixels, channels, groups;
};

void expect_like_plain(const Shape& shape, at::ScalarType type, double mean) {
  const auto& [images, pixels, channels, groups] = shape;
  const at::Tensor x = (at::randn({images, pixels, channels}) + mean).to(type);
  const at::Tensor weight = at::randn({channels}) + 1;
  const at::Tensor bias = at::randn({channels});
  const at::Tensor there = x.to(kCard);
  const at::Tensor weight_there = weight.to(kCard);
  const at::Tensor bias_there = bias.to(kCard);
  const auto floats = there.options().dtype(at::kFloat);
  at::Tensor parts = at::full({part_floats(images, pixels, channels)}, NAN, floats);
  at::Tensor affine = at::full({images, 2, channels}, NAN, floats);
  sum_parts({.type = type,
             .images = images,
             .pixels = pixels,
             .channels = channels,
             .x = there.const_data_ptr(),
             .parts = parts.mutable_data_ptr<float>()},
            stream());
  norm_affine({.images = images,
               .pixels = pixels,
               .channels = channels,
               .groups = groups,
               .parts = parts.const_data_ptr<float>(),
               .weight = weight_there.const_data_ptr<float>(),
               .bias = bias_there.const_data_ptr<float>(),
               .epsilon = static_cast<float>(kEpsilon),
               .affine = affine.mutable_data_ptr<float>()},
              stream());
  const at::Tensor found = affine.cpu().to(at::kDouble);
  const at::Tensor values = x.to(at::kDouble);
  const at::Tensor got = values * found.select(1, 0).unsqueeze(1) + found.select(1, 1).unsqueeze(1);
  const at::Tensor expected = at::group_norm(values.transpose(1, 2), groups, weight.to(at::kDouble),
                                             bias.to(at::kDouble), kEpsilon)
                                  .transpose(1, 2);
  EXPECT(((got - expected).abs().max() < 1e-4 * (1 + mean)).item<bool>());
}

}  // namespace

TEST("cuda norm statistics: scale and shift of maps of one part and of several") {
  at::manual_seed(0);
  for (const Shape& shape : {Shape{2, 49, 64, 32},
                             {1, 128, 16, 4},
                             {3, 129, 32, 1},
                             {1, 700, 24, 8},
                             {1, 1, 8, 2},
                             {1, 300, 4160, 1},
                             {2, 5, 6, 3}}) {
    for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16})
      expect_like_plain(shape, type, 0.0);
    expect_like_plain(shape, at::kFloat, 10.0);
  }
}

TEST("cuda norm statistics: values that are all equal") {
  const at::Tensor x = at::full({1, 300, 8}, 3.0F).to(kCard);
  at::Tensor parts = at::empty({part_floats(1, 300, 8)}, x.options());
  at::Tensor affine = at::empty({1, 2, 8}, x.options());
  const at::Tensor ones = at::ones({8}, x.options());
  sum_parts({at::kFloat, 1, 300, 8, x.const_data_ptr(), parts.mutable_data_ptr<float>()}, stream());
  norm_affine({1, 300, 8, 2, parts.const_data_ptr<float>(), ones.const_data_ptr<float>(),
               ones.const_data_ptr<float>(), static_cast<float>(kEpsilon),
               affine.mutable_data_ptr<float>()},
              stream());
  const at::Tensor y = 3 * affine.cpu().select(1, 0) + affine.cpu().select(1, 1);
  EXPECT(((y - 1).abs().max() < 1e-3).item<bool>());
}

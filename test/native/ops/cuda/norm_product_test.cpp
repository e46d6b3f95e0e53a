// Products with a norm in them, against ATen's in double precision.
#include "ops/cuda/norm_product.h"

#include <ATen/ATen.h>

#include "card.h"
#include "check.h"
#include "common/error.h"
#include "ops/cuda/norm_statistics.h"

using namespace bigtransfer;
using namespace bigtransfer::ops::cuda;
using namespace bigtransfer::test;

namespace {

struct Shape {
  int64_t images, pixels, in, out;
};

/// One tile and parts of some, channels that end within a step, and pixels within a part.
const std::vector<Shape> kShapes = {{1, 128, 32, 128}, {2, 49, 64, 16},  {1, 1, 8, 8},
                                    {1, 150, 40, 136}, {3, 17, 72, 264}, {1, 260, 128, 64}};

enum class Added { kNothing, kOther, kInPlace };

/// Rounding of the normalised values and of the result.
double tolerance_of(at::ScalarType type) { return type == at::kHalf ? 4e-3 : 3e-2; }

at::Tensor sums_by_part(const at::Tensor& values) {
  std::vector<at::Tensor> parts;
  for (int64_t begin = 0; begin < values.size(1); begin += kPartPixels) {
    const at::Tensor part = values.narrow(1, begin, std::min(kPartPixels, values.size(1) - begin));
    parts.push_back(at::stack({part.sum(1), part.square().sum(1)}, 1));
  }
  return at::stack(parts, 1);
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.abs().max().clamp_min(1.0)).item<double>();
}

void expect_like_plain(const Shape& shape, at::ScalarType type, Added added) {
  const auto& [images, pixels, in, out] = shape;
  const at::Tensor x = at::randn({images, pixels, in}).to(type).to(kCard);
  const at::Tensor weight = (at::randn({out, in}) / std::sqrt(in)).to(type).to(kCard);
  const at::Tensor affine = at::randn({images, 2, in}).to(kCard);
  const at::Tensor other = at::randn({images, pixels, out}).to(type).to(kCard);
  at::Tensor y = added == Added::kInPlace ? other.clone() : at::full_like(other, NAN);
  at::Tensor parts = at::full({images, parts_of(pixels), 2, out}, NAN, affine.options());
  const void* source = nullptr;
  if (added == Added::kOther) source = other.const_data_ptr();
  if (added == Added::kInPlace) source = y.const_data_ptr();
  norm_product({.type = type,
                .images = images,
                .pixels = pixels,
                .in_channels = in,
                .out_channels = out,
                .x = x.const_data_ptr(),
                .affine = affine.const_data_ptr<float>(),
                .weight = weight.const_data_ptr(),
                .added = source,
                .y = y.mutable_data_ptr(),
                .parts = parts.mutable_data_ptr<float>()},
               stream());
  const auto plain = [](const at::Tensor& values) { return values.cpu().to(at::kDouble); };
  const at::Tensor normed =
      (plain(x) * plain(affine).select(1, 0).unsqueeze(1) + plain(affine).select(1, 1).unsqueeze(1))
          .relu();
  at::Tensor expected = at::matmul(normed, plain(weight).t());
  if (added != Added::kNothing) expected += plain(other);
  EXPECT(difference(plain(y), expected) < tolerance_of(type));
  // Of the values as they are stored.
  EXPECT(difference(plain(parts), sums_by_part(plain(y))) < 1e-5);
}

}  // namespace

TEST("cuda norm product: the norm's result times the weights, with what is added, and its sums") {
  at::manual_seed(0);
  for (const Shape& shape : kShapes) {
    for (const at::ScalarType type : {at::kHalf, at::kBFloat16}) {
      for (const Added added : {Added::kNothing, Added::kOther, Added::kInPlace})
        expect_like_plain(shape, type, added);
    }
  }
}

TEST("cuda norm product: sums only where they are asked for") {
  const at::Tensor ones = at::ones({1, 9, 8}).to(at::kHalf).to(kCard);
  const at::Tensor affine = at::ones({1, 2, 8}).to(kCard);
  at::Tensor y = at::empty_like(ones);
  norm_product({.type = at::kHalf,
                .images = 1,
                .pixels = 9,
                .in_channels = 8,
                .out_channels = 8,
                .x = ones.const_data_ptr(),
                .affine = affine.const_data_ptr<float>(),
                .weight = ones.const_data_ptr(),
                .added = nullptr,
                .y = y.mutable_data_ptr(),
                .parts = nullptr},
               stream());
  EXPECT(y.cpu().eq(16).all().item<bool>());
}

TEST("cuda norm product: for what there is a kernel") {
  EXPECT(has_norm_product(at::kHalf, 64, 256) && has_norm_product(at::kBFloat16, 8, 8));
  EXPECT(!has_norm_product(at::kFloat, 64, 256));
  EXPECT(!has_norm_product(at::kHalf, 60, 256) && !has_norm_product(at::kHalf, 64, 6));
  NormProductTask task{};
  task.type = at::kFloat;
  EXPECT_THROWS(norm_product(task, stream()), ErrorCode::kDevice, "float16 or bfloat16");
}

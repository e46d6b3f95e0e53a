// Every byte of a resize by rows against ATen's own, on every instruction set that this machine
// has.
#include "ops/row_resizer.h"

#include <cstring>

#include "check.h"
#include "ops/resize_image.h"

using namespace bigtransfer;
using namespace bigtransfer::ops;

namespace {

/// Sizes that shrink, grow and stay, odd ones, single rows and columns.
const std::vector<std::vector<int64_t>> kSizes = {
    {427, 640, 224, 336}, {64, 48, 256, 192}, {37, 53, 37, 20},  {37, 53, 11, 53},
    {1, 1, 5, 7},         {1, 300, 3, 40},    {300, 1, 17, 1},   {9, 2000, 8, 3},
    {50, 50, 1, 1},       {5, 4, 6, 5},       {700, 33, 13, 31}, {256, 256, 255, 257}};

/// [height, width, 3]; half of the bytes are 0 or 255, where sums leave the range.
at::Tensor picture(int64_t height, int64_t width) {
  const at::Tensor noise = at::randint(-128, 384, {height, width, 3}, at::kShort);
  return noise.clamp(0, 255).to(at::kByte);
}

at::Tensor by_rows(const ResizeKernels& kernels, const at::Tensor& in, const ResizeWindow& window,
                   Resample resample) {
  RowResizer resizer(kernels, window, resample);
  at::Tensor out = at::empty({window.height, window.width, 3}, at::kByte);
  const int64_t row = window.in_width * 3;
  for (int64_t y = 0; y < window.in_height; ++y) {
    std::memcpy(resizer.line(), in.const_data_ptr<uint8_t>() + y * row, static_cast<size_t>(row));
    resizer.advance(out.mutable_data_ptr<uint8_t>());
  }
  return out;
}

at::Tensor by_aten(const at::Tensor& in, int64_t height, int64_t width, Resample resample) {
  const at::Tensor image = in.permute({2, 0, 1}).unsqueeze(0);
  return resize_image(image, height, width, resample)[0].permute({1, 2, 0});
}

}  // namespace

TEST("RowResizer: the bytes that ATen gives") {
  if (!resizes_in_whole_numbers()) return;
  at::manual_seed(0);
  for (const Kernels& kernels : runnable_kernels()) {
    for (const Resample resample : {Resample::kBilinear, Resample::kBicubic}) {
      for (const auto& size : kSizes) {
        const at::Tensor in = picture(size[0], size[1]);
        const ResizeWindow window{size[0], size[1], size[2], size[3], 0, 0, size[2], size[3]};
        EXPECT(by_aten(in, size[2], size[3], resample)
                   .equal(by_rows(kernels.resize, in, window, resample)));
      }
    }
  }
}

TEST("RowResizer: a window is that part of the whole") {
  if (!resizes_in_whole_numbers() || !kernels()) return;
  at::manual_seed(1);
  for (const auto& size : kSizes) {
    const at::Tensor in = picture(size[0], size[1]);
    const at::Tensor whole = by_aten(in, size[2], size[3], Resample::kBilinear);
    const int64_t height = (size[2] + 1) / 2;
    const int64_t width = (size[3] + 2) / 3;
    for (const int64_t top : {int64_t{0}, size[2] - height}) {
      for (const int64_t left : {int64_t{0}, size[3] - width}) {
        const ResizeWindow window{size[0], size[1], size[2], size[3], top, left, height, width};
        EXPECT(whole.narrow(0, top, height)
                   .narrow(1, left, width)
                   .equal(by_rows(kernels()->resize, in, window, Resample::kBilinear)));
      }
    }
  }
}

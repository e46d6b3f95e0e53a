// The GPU's resize of a batch of pictures, byte for byte against ATen's.
#include "ops/cuda/resize_pixels.h"

#include <ATen/ATen.h>

#include "card.h"
#include "check.h"
#include "common/error.h"
#include "ops/cuda/resize_tables.h"
#include "ops/resize_image.h"

using namespace bigtransfer;
using namespace bigtransfer::ops;
using namespace bigtransfer::test;
using bigtransfer::ops::cuda::kRgb;

namespace {

constexpr int64_t kSharedBytes = 48 * 1024;

struct Batch {
  std::vector<at::Tensor> pictures;
  std::vector<ResizeWindow> windows;
};

/// Pictures of different sizes, whose middle becomes `height` x `width`.
Batch make_batch(const std::vector<std::array<int64_t, 4>>& sizes, int64_t height, int64_t width) {
  Batch batch;
  for (const auto& [in_height, in_width, out_height, out_width] : sizes) {
    batch.pictures.push_back(at::randint(-128, 384, {in_height, in_width, kRgb}, at::kShort)
                                 .clamp(0, 255)
                                 .to(at::kByte));
    batch.windows.push_back({in_height, in_width, out_height, out_width, (out_height - height) / 2,
                             (out_width - width) / 2, height, width});
  }
  return batch;
}

/// [N, height, width, 4] in float: the bytes less 100, and a channel of zeros.
at::Tensor resized(const Batch& batch, Resample resample, int64_t shared_bytes) {
  const ResizeWindow& first = batch.windows.front();
  const auto images = static_cast<int64_t>(batch.pictures.size());
  const cuda::ResizeTables tables(batch.windows, resample, shared_bytes);
  at::Tensor host = at::empty({static_cast<int64_t>(tables.bytes())}, at::kByte);
  const at::Tensor memory = at::empty_like(host, host.options().device(kCard));
  std::vector<at::Tensor> there;
  std::vector<const uint8_t*> pixels;
  for (const at::Tensor& each : batch.pictures) {
    there.push_back(each.to(kCard));
    pixels.push_back(there.back().const_data_ptr<uint8_t>());
  }
  const auto* device = static_cast<const std::byte*>(memory.const_data_ptr());
  tables.write(static_cast<std::byte*>(host.mutable_data_ptr()), device, pixels);
  memory.copy_(host);
  const at::Tensor levels =
      (at::arange(cuda::kLevels, at::kFloat) - 100).repeat({kRgb, 1}).to(kCard);
  at::Tensor y = at::empty({images, first.height, first.width, 4}, levels.options());
  cuda::resize_pixels(tables.task(device, levels, y.permute({0, 3, 1, 2})), stream());
  return y.cpu();
}

void expect_bytes(const Batch& batch, Resample resample, int64_t shared_bytes) {
  const at::Tensor y = resized(batch, resample, shared_bytes);
  for (size_t i = 0; i < batch.pictures.size(); ++i) {
    const ResizeWindow& window = batch.windows[i];
    const at::Tensor image = batch.pictures[i].permute({2, 0, 1}).unsqueeze(0);
    const at::Tensor whole =
        resize_image(image, window.out_height, window.out_width, resample)[0].permute({1, 2, 0});
    const at::Tensor expected = whole.narrow(0, window.top, window.height)
                                    .narrow(1, window.left, window.width)
                                    .to(at::kFloat) -
                                100;
    const at::Tensor got = y[static_cast<int64_t>(i)];
    EXPECT(got.narrow(2, 0, kRgb).equal(expected));
    EXPECT(got.select(2, kRgb).eq(0).all().item<bool>());
  }
}

}  // namespace

TEST("cuda resize_pixels: ATen's bytes for pictures of any sizes in one batch") {
  if (!resizes_in_whole_numbers()) return;
  at::manual_seed(0);
  const Batch shrunk =
      make_batch({{100, 150, 40, 80}, {33, 90, 40, 70}, {400, 71, 200, 70}}, 40, 70);
  const Batch grown = make_batch({{3, 5, 20, 33}, {1, 1, 20, 20}, {20, 20, 20, 20}}, 20, 20);
  const Batch tiny = make_batch({{50, 61, 1, 1}, {300, 7, 2, 3}}, 1, 1);
  for (const Resample resample : {Resample::kBilinear, Resample::kBicubic}) {
    for (const Batch& batch : {shrunk, grown, tiny}) expect_bytes(batch, resample, kSharedBytes);
  }
}

TEST("cuda resize_pixels: tiles grow lower where a block has little room") {
  if (!resizes_in_whole_numbers()) return;
  at::manual_seed(1);
  const Batch batch = make_batch({{400, 80, 40, 70}, {40, 70, 40, 70}}, 40, 70);
  const int64_t row_bytes = cuda::kTileColumns * kRgb;
  const cuda::ResizeTables roomy(batch.windows, Resample::kBicubic, kSharedBytes);
  const cuda::ResizeTables narrow(batch.windows, Resample::kBicubic, 60 * row_bytes);
  EXPECT(roomy.tile_rows() == 16 && narrow.tile_rows() == 2);
  EXPECT(narrow.most_rows() <= 60);
  expect_bytes(batch, Resample::kBicubic, 60 * row_bytes);
  EXPECT_THROWS(cuda::ResizeTables(batch.windows, Resample::kBicubic, 10 * row_bytes),
                ErrorCode::kImage, "too high");
}

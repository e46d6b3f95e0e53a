// The steps of transformers' BitImageProcessor: for most pictures row by row, as they are decoded.
#include "pictures/preprocess.h"

#include "ops/center_crop.h"
#include "pictures/picture_rows.h"

namespace bigtransfer::pictures {
namespace {

/// All rows as [height, width, channels].
at::Tensor whole(PictureRows& rows) {
  at::Tensor pixels = at::empty({rows.height(), rows.width(), rows.channels()}, at::kByte);
  rows.read_all(pixels.mutable_data_ptr<uint8_t>());
  return pixels;
}

/// [1, C, H, W] view of the interleaved rows.
at::Tensor planes(const at::Tensor& pixels, bool convert_rgb) {
  at::Tensor image = pixels.permute({2, 0, 1}).unsqueeze(0);
  if (!convert_rgb || image.size(1) == kRgb) return image;
  const bool grey = image.size(1) < kRgb;
  return grey ? image.narrow(1, 0, 1).expand({1, kRgb, -1, -1}) : image.narrow(1, 0, kRgb);
}

at::Tensor resized_by_row(PictureRows& rows, const ops::ResizeWindow& window,
                          ops::Resample resample) {
  ops::RowResizer resizer(ops::kernels()->resize, window, resample);
  rows.keep_columns(resizer.first_column(), resizer.end_column());
  at::Tensor pixels = at::empty({window.height, window.width, kRgb}, at::kByte);
  for (int64_t y = 0; y < rows.height() && !rows.failed(); ++y) {
    rows.read(resizer.line());
    resizer.advance(pixels.mutable_data_ptr<uint8_t>());
  }
  return planes(pixels, /*convert_rgb=*/false);
}

at::Tensor resized(PictureRows& rows, const PreprocessRequest& request) {
  const Picture& picture = request.picture;
  const PreprocessSteps& steps = request.steps;
  const std::optional<ops::ResizeWindow> window = window_of(rows, request);
  if (window && resizes_by_taps(rows, request) && ops::kernels() != nullptr)
    return resized_by_row(rows, *window, steps.resample);
  const at::Tensor pixels = picture.pixels.defined() ? picture.pixels : whole(rows);
  const at::Tensor image =
      ops::resize_image(planes(pixels, steps.convert_rgb), picture.resized_height,
                        picture.resized_width, steps.resample);
  return steps.crop ? ops::center_crop(image, steps.crop->height, steps.crop->width) : image;
}

}  // namespace

std::optional<at::Tensor> preprocess(const PreprocessRequest& request) {
  PictureRows rows(request.picture);
  if (rows.failed()) return std::nullopt;
  const at::Tensor image = resized(rows, request);
  if (!rows.finish()) return std::nullopt;
  return ops::scale_pixels(image, request.steps.scaling);
}

}  // namespace bigtransfer::pictures

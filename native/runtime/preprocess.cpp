// The steps of transformers' BitImageProcessor.
#include "runtime/preprocess.h"

#include "image/jpeg.h"

namespace bigtransfer::runtime {
namespace {

constexpr int64_t kRgb = 3;

/// [1, C, H, W] view of the interleaved rows.
at::Tensor planes(const at::Tensor& pixels, bool convert_rgb) {
  at::Tensor image = pixels.permute({2, 0, 1}).unsqueeze(0);
  if (!convert_rgb || image.size(1) == kRgb) return image;
  const bool grey = image.size(1) < kRgb;
  return grey ? image.narrow(1, 0, 1).expand({1, kRgb, -1, -1}) : image.narrow(1, 0, kRgb);
}

}  // namespace

std::optional<at::Tensor> preprocess(const PreprocessRequest& request) {
  const Picture& picture = request.picture;
  const std::optional<at::Tensor> pixels =
      picture.pixels.defined() ? picture.pixels
                               : image::decode_jpeg(picture.jpeg, picture.jpeg_shrink);
  if (!pixels) return std::nullopt;
  at::Tensor image = planes(*pixels, request.convert_rgb);
  image = ops::resize_image(image, picture.resized_height, picture.resized_width, request.resample);
  if (request.crop) image = ops::center_crop(image, request.crop->height, request.crop->width);
  return ops::scale_pixels(image, request.scaling);
}

}  // namespace bigtransfer::runtime

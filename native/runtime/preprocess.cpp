// The steps of transformers' BitImageProcessor, picture by picture into one batch.
#include "runtime/preprocess.h"

#include "common/error.h"

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

at::Tensor process(const Picture& picture, const PreprocessRequest& request) {
  // Planes must lie apart: the resize kernels' channels-last path is for other layouts.
  at::Tensor image = planes(picture.pixels, request.convert_rgb).contiguous();
  image = ops::resize_image(image, picture.resized_height, picture.resized_width, request.resample);
  if (request.crop) image = ops::center_crop(image, request.crop->height, request.crop->width);
  return ops::scale_pixels(image, request.scaling);
}

}  // namespace

at::Tensor preprocess(const PreprocessRequest& request, const CancelToken& token) {
  at::Tensor batch;
  const auto count = static_cast<int64_t>(request.pictures.size());
  for (int64_t index = 0; index < count; ++index) {
    token.throw_if_cancelled();
    const at::Tensor image = process(request.pictures[index], request);
    if (!batch.defined()) {
      batch = at::empty({count, image.size(1), image.size(2), image.size(3)}, image.options(),
                        at::MemoryFormat::Contiguous);
    }
    if (batch.sizes().slice(1) != image.sizes().slice(1)) {
      throw Error(ErrorCode::kImage, "Image " + std::to_string(index) +
                                         " comes out in another size than the first: turn on "
                                         "doCenterCrop or resize to a fixed height and width");
    }
    batch.select(0, index).copy_(image.squeeze(0));
  }
  if (!batch.defined()) throw Error(ErrorCode::kImage, "Expected at least one image");
  return batch;
}

}  // namespace bigtransfer::runtime

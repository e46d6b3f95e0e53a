// Scaling by the same ATen calls, in the same order, as transformers' torchvision backend.
#include "ops/pixel_scaling.h"

#include "common/error.h"
#include "common/recycled_memory.h"

namespace bigtransfer::ops {
namespace {

at::Tensor statistics(const std::vector<double>& values, const at::Tensor& image) {
  if (static_cast<int64_t>(values.size()) != image.size(-3)) {
    throw Error(ErrorCode::kImage, "The image has " + std::to_string(image.size(-3)) +
                                       " channels but imageMean and imageStd have " +
                                       std::to_string(values.size()) + " values");
  }
  return at::tensor(values, at::kFloat).view({-1, 1, 1});
}

/// The scaling of `image`, or of any uint8 [..., C, H, W], as ATen does it.
at::Tensor scale(const at::Tensor& image, const PixelScaling& scaling) {
  if (!scaling.mean || !scaling.std) return image * *scaling.rescale_factor;
  at::Tensor mean = statistics(*scaling.mean, image);
  at::Tensor std = statistics(*scaling.std, image);
  if (scaling.rescale_factor) {
    mean = mean * (1.0 / *scaling.rescale_factor);
    std = std * (1.0 / *scaling.rescale_factor);
  }
  return image.to(at::kFloat).sub_(mean).div_(std);
}

/// Every value that a pixel can have.
constexpr int64_t kLevels = 256;

}  // namespace

at::Tensor scaled_levels(int64_t channels, const PixelScaling& scaling) {
  const at::Tensor bytes = at::arange(kLevels, at::kByte).expand({1, channels, 1, kLevels});
  return scale(bytes, scaling).reshape({channels, kLevels});
}

at::Tensor scale_pixels(const at::Tensor& image, const PixelScaling& scaling) {
  if (!scaling.rescale_factor && !scaling.mean) return image.contiguous();
  const int64_t channels = image.size(1);
  const int64_t height = image.size(2);
  const int64_t width = image.size(3);
  // Scaling the levels instead of the pixels gives the same values sooner.
  const at::Tensor levels = scaled_levels(channels, scaling);
  at::Tensor values = empty_recycled({1, channels, height, width}, at::kFloat);
  const float* table = levels.const_data_ptr<float>();
  float* out = values.mutable_data_ptr<float>();
  const uint8_t* pixels = image.const_data_ptr<uint8_t>();
  const int64_t step = image.stride(3);
  // Row by row: an interleaved one is still in the cache for its next channel.
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t c = 0; c < channels; ++c) {
      const uint8_t* row = pixels + c * image.stride(1) + y * image.stride(2);
      float* to = out + (c * height + y) * width;
      for (int64_t x = 0; x < width; ++x) to[x] = table[c * kLevels + row[x * step]];
    }
  }
  return values;
}

}  // namespace bigtransfer::ops

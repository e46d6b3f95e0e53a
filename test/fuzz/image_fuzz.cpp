// Raw pixels of any size, and JPEGs and PNGs of any bytes, resized and cropped to any size.
#include <fuzzer/FuzzedDataProvider.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "common/error.h"
#include "pictures/preprocess.h"

using namespace bigtransfer;
using namespace bigtransfer::pictures;

namespace {

constexpr int64_t kMostSide = 40;
constexpr int kShrinks[] = {1, 2, 4, 8};

Picture picture_of(FuzzedDataProvider& input, int64_t height, int64_t width) {
  Picture picture{.pixels = {}, .file = {}, .resized_height = height, .resized_width = width};
  const int shrink = kShrinks[input.ConsumeIntegralInRange(0, 3)];
  const int kind = input.ConsumeIntegralInRange(0, 2);
  if (kind > 0) {
    const auto encoding = kind == 1 ? image::Encoding::kJpeg : image::Encoding::kPng;
    picture.file = {encoding, input.ConsumeRemainingBytesAsString(), shrink};
    return picture;
  }
  const auto side = [&] { return input.ConsumeIntegralInRange<int64_t>(1, kMostSide); };
  const int64_t rows = side();
  const int64_t columns = side();
  const auto channels = input.ConsumeIntegralInRange<int64_t>(1, 4);
  picture.pixels = at::zeros({rows, columns, channels}, at::kByte);
  const std::vector<uint8_t> bytes = input.ConsumeRemainingBytes<uint8_t>();
  const size_t count = std::min(bytes.size(), picture.pixels.nbytes());
  if (count > 0) std::memcpy(picture.pixels.mutable_data_ptr(), bytes.data(), count);
  return picture;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const auto side = [&] { return input.ConsumeIntegralInRange<int64_t>(1, kMostSide); };
  PreprocessRequest request{};
  request.steps.resample = static_cast<ops::Resample>(input.ConsumeIntegralInRange(0, 5));
  request.steps.convert_rgb = input.ConsumeBool();
  if (input.ConsumeBool()) request.steps.crop = PreprocessSteps::Size{side(), side()};
  if (input.ConsumeBool()) request.steps.scaling.rescale_factor = 1.0 / 255;
  if (input.ConsumeBool()) {
    request.steps.scaling.mean = std::vector<double>(3, 0.5);
    request.steps.scaling.std = std::vector<double>(3, 0.5);
  }
  const int64_t height = side();
  const int64_t width = side();
  request.picture = picture_of(input, height, width);
  try {
    const std::optional<at::Tensor> pixels = preprocess(request);
    if (pixels && pixels->dim() != 4) std::abort();
  } catch (const Error& error) {
    // kConfig: a filter that libtorch has no kernel for.
    if (error.code() != ErrorCode::kImage && error.code() != ErrorCode::kConfig) std::abort();
  }
  return 0;
}

// Raw pixels of any size, and JPEGs and PNGs of any bytes, resized and cropped to any size.
#include <fuzzer/FuzzedDataProvider.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "checkpoint/crc32.h"
#include "common/error.h"
#include "pictures/preprocess.h"

using namespace bigtransfer;
using namespace bigtransfer::pictures;

namespace {

constexpr int64_t kMostSide = 40;
constexpr int kShrinks[] = {1, 2, 4, 8};

/// The same with the right checksums of a PNG's chunks, which nobody hits upon by chance.
std::string with_sums(std::string png) {
  constexpr size_t kSignature = 8;
  constexpr size_t kField = 4;
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<uint8_t>(png[at])); };
  for (size_t at = kSignature; at + 3 * kField <= png.size();) {
    const size_t length = byte(at) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3);
    if (length > png.size() - at - 3 * kField) break;
    const size_t end = at + 2 * kField + length;
    const uint32_t sum =
        checkpoint::crc32(std::string_view(png).substr(at + kField, kField + length));
    for (size_t i = 0; i < kField; ++i) png[end + i] = static_cast<char>(sum >> (24 - 8 * i));
    at = end + kField;
  }
  return png;
}

Picture picture_of(FuzzedDataProvider& input, int64_t height, int64_t width) {
  Picture picture{.pixels = {}, .file = {}, .resized_height = height, .resized_width = width};
  const int shrink = kShrinks[input.ConsumeIntegralInRange(0, 3)];
  const int kind = input.ConsumeIntegralInRange(0, 2);
  if (kind > 0) {
    const std::string bytes = input.ConsumeRemainingBytesAsString();
    picture.file = kind == 1 ? image::EncodedPicture{image::Encoding::kJpeg, bytes, shrink}
                             : image::EncodedPicture{image::Encoding::kPng, with_sums(bytes), 1};
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

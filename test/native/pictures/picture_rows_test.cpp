// Rows from a file and from memory are the same to what follows.
#include "pictures/picture_rows.h"

#include "check.h"
#include "image/png.h"
#include "image/png_file.h"

using namespace bigtransfer;
using namespace bigtransfer::pictures;
using image::EncodedPicture;
using image::Encoding;
using ops::Resample;

namespace {

constexpr int64_t kHeight = 41;
constexpr int64_t kWidth = 53;

at::Tensor some_pixels() {
  at::manual_seed(3);
  return at::randint(0, 256, {kHeight, kWidth, 3}, at::kByte);
}

Picture in_memory(const at::Tensor& pixels) {
  return {.pixels = pixels, .file = {}, .resized_height = 20, .resized_width = 26};
}

/// The same in a PNG whose rows have no filter.
Picture in_file(const at::Tensor& pixels) {
  test::PngFile png{kWidth, kHeight, image::PngColour::kRgb, 8, {}};
  const char* row = reinterpret_cast<const char*>(pixels.const_data_ptr<uint8_t>());
  for (int64_t y = 0; y < kHeight; ++y, row += kWidth * 3)
    png.rows += '\0' + std::string(row, static_cast<size_t>(kWidth * 3));
  return {.pixels = {},
          .file = EncodedPicture{Encoding::kPng, png.bytes(), 1},
          .resized_height = 20,
          .resized_width = 26};
}

PreprocessRequest request_of(Picture picture) {
  return {.picture = std::move(picture),
          .steps = {.resample = Resample::kBicubic,
                    .convert_rgb = true,
                    .crop = PreprocessSteps::Size{16, 9},
                    .scaling = {.rescale_factor = 1.0 / 255, .mean = {}, .std = {}}},
          .gpu_decode = false};
}

}  // namespace

TEST("picture rows: a PNG's are those of its pixels") {
  if (image::png_version().empty()) return;
  const at::Tensor pixels = some_pixels();
  for (const Picture& picture : {in_memory(pixels), in_file(pixels)}) {
    PictureRows rows(picture);
    EXPECT(!rows.failed());
    EXPECT(rows.height() == kHeight && rows.width() == kWidth && rows.channels() == 3);
    at::Tensor read = at::zeros_like(pixels);
    rows.read_all(read.mutable_data_ptr<uint8_t>());
    EXPECT(rows.finish() && read.equal(pixels));
  }
}

TEST("picture rows: a PNG becomes the pixel values of its pixels, whatever is cut from it") {
  if (image::png_version().empty()) return;
  PreprocessRequest memory = request_of(in_memory(some_pixels()));
  PreprocessRequest file = request_of(in_file(some_pixels()));
  EXPECT(preprocess(file)->equal(*preprocess(memory)));
  memory.steps.crop = file.steps.crop = std::nullopt;
  EXPECT(preprocess(file)->equal(*preprocess(memory)));
  memory.steps.resample = file.steps.resample = Resample::kNearest;
  EXPECT(preprocess(file)->equal(*preprocess(memory)));
}

TEST("picture rows: a file that is broken, at its start or in its last row, gives nothing") {
  PreprocessRequest request = request_of(in_file(some_pixels()));
  std::string& bytes = request.picture.file->bytes;
  bytes.resize(bytes.size() - 30);
  EXPECT(!preprocess(request));
  bytes.resize(20);
  EXPECT(PictureRows(request.picture).failed());
  EXPECT(!preprocess(request));
}

TEST("picture rows: the window is the middle of what is resized; a crop beyond it has none") {
  PreprocessRequest request = request_of(in_memory(some_pixels()));
  const PictureRows rows(request.picture);
  const auto window = window_of(rows, request);
  EXPECT(window && window->in_height == kHeight && window->in_width == kWidth);
  EXPECT(window->top == 2 && window->left == 8 && window->height == 16 && window->width == 9);
  request.steps.crop = std::nullopt;
  EXPECT(window_of(rows, request)->top == 0 && window_of(rows, request)->width == 26);
  request.steps.crop = PreprocessSteps::Size{20, 26};
  EXPECT(window_of(rows, request)->left == 0);
  for (const auto& crop : {PreprocessSteps::Size{21, 1}, PreprocessSteps::Size{1, 27}}) {
    request.steps.crop = crop;
    EXPECT(!window_of(rows, request));
  }
}

TEST(
    "picture rows: those of three channels are resized by taps, where a size or filter is for it") {
  if (!ops::resizes_in_whole_numbers()) return;
  PreprocessRequest request = request_of(in_memory(some_pixels()));
  EXPECT(resizes_by_taps(PictureRows(request.picture), request));
  request.steps.resample = Resample::kLanczos;
  EXPECT(!resizes_by_taps(PictureRows(request.picture), request));
  request.steps.resample = Resample::kBilinear;
  EXPECT(resizes_by_taps(PictureRows(request.picture), request));
  request.picture.resized_height = kHeight;
  EXPECT(resizes_by_taps(PictureRows(request.picture), request));
  request.picture.resized_width = kWidth;
  EXPECT(!resizes_by_taps(PictureRows(request.picture), request));
  request.picture = in_memory(at::zeros({kHeight, kWidth, 4}, at::kByte));
  EXPECT(!resizes_by_taps(PictureRows(request.picture), request));
}

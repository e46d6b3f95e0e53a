// Decoded for a GPU: rows that its kernel, emulated here, makes the CPU's values of; or the values.
#include "pictures/staged_picture.h"

#include "check.h"
#include "common/error.h"
#include "image/grey_jpeg.h"
#include "image/jpeg.h"
#include "image/png.h"
#include "image/png_file.h"
#include "ops/cuda/resize_tables.h"

using namespace bigtransfer;
using namespace bigtransfer::pictures;
using image::Encoding;
using ops::Resample;

namespace {

PreprocessRequest request_of(int64_t height, int64_t width, int64_t channels = 3) {
  at::manual_seed(0);
  return {.picture = {.pixels = at::randint(0, 256, {height, width, channels}, at::kByte),
                      .file = {},
                      .resized_height = 40,
                      .resized_width = 50},
          .steps = {.resample = Resample::kBicubic,
                    .convert_rgb = true,
                    .crop = PreprocessSteps::Size{32, 33},
                    .scaling = {.rescale_factor = 1.0 / 255,
                                .mean = std::vector<double>{0.48, 0.45, 0.4},
                                .std = std::vector<double>{0.26, 0.27, 0.28}}},
          .gpu_decode = false};
}

/// The same for a file.
PreprocessRequest request_of(image::Encoding encoding, const std::string& bytes) {
  PreprocessRequest request = request_of(61, 77);
  request.picture.pixels.reset();
  request.picture.file = image::EncodedPicture{encoding, bytes, 1};
  return request;
}

at::Tensor on_heap(at::IntArrayRef shape) { return at::empty(shape, at::kByte); }

/// What the GPU makes of the rows: [1, 3, H, W].
at::Tensor prepared(const StagedPicture& picture) {
  const ops::cuda::ResizeTables tables({picture.window}, picture.steps.resample, 48 * 1024);
  at::Tensor memory = at::empty({static_cast<int64_t>(tables.bytes())}, at::kByte);
  auto* bytes = static_cast<std::byte*>(memory.mutable_data_ptr());
  tables.write(bytes, bytes, {picture.rows.const_data_ptr<uint8_t>()});
  const at::Tensor levels = ops::scaled_levels(ops::cuda::kRgb, picture.steps.scaling);
  std::vector<int64_t> shape = output_shape(picture);
  shape.insert(shape.begin(), 1);
  at::Tensor y = at::empty(shape);
  ops::cuda::resize_pixels(tables.task(bytes, levels, y), nullptr);
  return y;
}

}  // namespace

TEST("staged picture: the GPU's kernel gives the CPU's values, bit for bit") {
  if (!ops::resizes_in_whole_numbers()) return;
  for (const Resample resample : {Resample::kBicubic, Resample::kBilinear}) {
    PreprocessRequest request = request_of(61, 77);
    request.steps.resample = resample;
    for (const bool crops : {true, false}) {
      if (!crops) request.steps.crop = std::nullopt;
      const std::optional<StagedPicture> picture = stage(request, on_heap);
      EXPECT(picture && picture->rows.equal(request.picture.pixels));
      EXPECT(prepared(*picture).equal(*preprocess(request)));
    }
  }
}

TEST("staged picture: what the kernel does not serve is prepared on the CPU") {
  std::vector<PreprocessRequest> requests(6, request_of(61, 77));
  requests[0] = request_of(61, 77, 4);
  requests[1] = request_of(61, 77, 1);
  requests[2] = request_of(40, 50);
  requests[3].steps.resample = Resample::kLanczos;
  requests[4].steps.crop = PreprocessSteps::Size{41, 33};
  requests[5] = request_of(40 * 32 + 1, 20);
  for (const PreprocessRequest& request : requests) {
    const std::optional<StagedPicture> picture = stage(request, on_heap);
    EXPECT(picture && !picture->rows.defined());
    EXPECT(picture->values.equal(*preprocess(request)));
    EXPECT(output_shape(*picture) == picture->values.sizes().slice(1).vec());
  }
}

TEST("staged picture: a JPEG may stay one, and can still be decoded here") {
  if (image::jpeg_version().empty()) return;
  PreprocessRequest request = request_of(Encoding::kJpeg, test::grey_square());
  const at::Tensor rows = stage(request, on_heap)->rows;
  request.gpu_decode = true;
  const std::optional<StagedPicture> kept = stage(request, on_heap);
  EXPECT(kept && kept->jpeg == test::grey_square() && !kept->rows.defined());
  EXPECT(kept->window.in_height == 8 && kept->window.in_width == 8);
  EXPECT(rows_of_jpeg(*kept).equal(rows));
  StagedPicture broken = *kept;
  broken.jpeg.resize(broken.jpeg.size() / 2);
  EXPECT_THROWS(rows_of_jpeg(broken), ErrorCode::kImage, "broken");
  request.picture.file->shrink = 2;
  EXPECT(stage(request, on_heap)->jpeg.empty());
}

TEST("staged picture: a PNG is rows, whatever decodes JPEGs; one that is cut off is nothing") {
  if (image::png_version().empty()) return;
  const std::string png = test::small_png().bytes();
  PreprocessRequest request = request_of(Encoding::kPng, png);
  for (const bool gpu_decode : {false, true}) {
    request.gpu_decode = gpu_decode;
    const std::optional<StagedPicture> picture = stage(request, on_heap);
    EXPECT(picture && picture->jpeg.empty());
    EXPECT(picture->rows.equal(at::arange(1, 19, at::kByte).view({2, 3, 3})));
  }
  EXPECT(!stage(request_of(Encoding::kPng, png.substr(0, png.size() - 20)), on_heap));
}

TEST("staged picture: a JPEG that is cut off is not left to the GPU") {
  if (image::jpeg_version().empty()) return;
  const std::string jpeg = test::grey_square();
  // The end alone is missing: libjpeg reads the rows, and is not content.
  PreprocessRequest request = request_of(Encoding::kJpeg, jpeg.substr(0, jpeg.size() - 2));
  request.gpu_decode = true;
  EXPECT(!stage(request, on_heap));
}

TEST("staged picture: broken files and statistics that do not fit") {
  EXPECT(!stage(request_of(Encoding::kJpeg, "no JPEG"), on_heap));
  EXPECT(!stage(request_of(Encoding::kPng, "no PNG"), on_heap));
  PreprocessRequest two = request_of(61, 77);
  two.steps.scaling.mean = std::vector<double>{0.5, 0.5};
  two.steps.scaling.std = std::vector<double>{0.5, 0.5};
  EXPECT_THROWS(stage(two, on_heap), ErrorCode::kImage, "2 values");
}

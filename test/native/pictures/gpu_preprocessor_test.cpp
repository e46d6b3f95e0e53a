// What is staged where no GPU works; where one does, test/gpu/pixels.gpu.js says what becomes of
// it.
#include "pictures/gpu_preprocessor.h"

#include "check.h"
#include "common/error.h"
#include "image/grey_jpeg.h"
#include "image/jpeg.h"

using namespace bigtransfer;
using namespace bigtransfer::pictures;

namespace {

StagedPictures of_values(const std::vector<at::Tensor>& values) {
  StagedPictures pictures;
  for (const at::Tensor& each : values)
    pictures.push_back(std::make_shared<const StagedPicture>(StagedPicture{{}, {}, {}, each, {}}));
  return pictures;
}

}  // namespace

TEST("gpu preprocessor: no JPEG is left to a decoder that is not there") {
  if (image::jpeg_version().empty() || gpu_preprocessor() != nullptr) return;
  PreprocessRequest request{};
  request.picture.file = image::EncodedPicture{image::Encoding::kJpeg, test::grey_square(), 1};
  request.picture.resized_height = 4;
  request.picture.resized_width = 4;
  request.steps.resample = ops::Resample::kBicubic;
  request.steps.convert_rgb = true;
  request.steps.scaling.rescale_factor = 1.0;
  request.gpu_decode = true;
  const std::optional<StagedPicture> staged = stage_for_gpus(request);
  EXPECT(staged && staged->jpeg.empty());
}

TEST("gpu preprocessor: pictures of one size have a common shape, others have none") {
  const at::Tensor small = at::zeros({1, 3, 4, 5});
  EXPECT((common_shape(of_values({small, small})) == std::vector<int64_t>{3, 4, 5}));
  EXPECT_THROWS(common_shape(of_values({small, at::zeros({1, 3, 5, 4})})), ErrorCode::kShape,
                "several sizes");
}

// Decodes to rows where the GPU takes over, to values elsewhere.
#include "pictures/staged_picture.h"

#include "common/error.h"
#include "image/jpeg_end.h"
#include "pictures/picture_rows.h"

namespace bigtransfer::pictures {
namespace {

/// Larger pictures would take longer over the bus than the CPU takes to shrink them.
constexpr int64_t kMostBytesOverBus = int64_t{32} << 20;
/// A block of the GPU's kernel holds the rows that one row of the result takes from: so much
/// shrinking needs half of the least shared memory that there is.
constexpr int64_t kMostShrink = 32;

bool is_for_gpu(const PictureRows& rows, const PreprocessRequest& request) {
  return resizes_by_taps(rows, request) &&
         rows.height() * rows.width() * rows.channels() <= kMostBytesOverBus &&
         rows.height() <= kMostShrink * request.picture.resized_height;
}

bool is_for_nvjpeg(const image::EncodedPicture& file) {
  // It fills up what is missing from a file.
  return file.encoding == image::Encoding::kJpeg && file.shrink == 1 && image::has_end(file.bytes);
}

}  // namespace

std::optional<StagedPicture> stage(const PreprocessRequest& request, const AllocateRows& allocate) {
  PictureRows rows(request.picture);
  if (rows.failed()) return std::nullopt;
  const std::optional<ops::ResizeWindow> window = window_of(rows, request);
  if (!window || !is_for_gpu(rows, request)) {
    const std::optional<at::Tensor> values = preprocess(request);
    if (!values) return std::nullopt;
    return StagedPicture{{}, {}, request.steps, *values, {}};
  }
  // Refuses statistics that do not fit now, and not when the whole batch is there.
  ops::scaled_levels(kRgb, request.steps.scaling);
  if (request.gpu_decode && request.picture.file && is_for_nvjpeg(*request.picture.file))
    return StagedPicture{{}, *window, request.steps, {}, request.picture.file->bytes};
  at::Tensor pixels = allocate({rows.height(), rows.width(), kRgb});
  rows.read_all(pixels.mutable_data_ptr<uint8_t>());
  if (!rows.finish()) return std::nullopt;
  return StagedPicture{pixels, *window, request.steps, {}, {}};
}

at::Tensor rows_of_jpeg(const StagedPicture& picture) {
  const Picture jpeg{
      .pixels = {},
      .file = image::EncodedPicture{image::Encoding::kJpeg, picture.jpeg, /*shrink=*/1},
      .resized_height = picture.window.out_height,
      .resized_width = picture.window.out_width};
  PictureRows rows(jpeg);
  at::Tensor pixels =
      at::empty({picture.window.in_height, picture.window.in_width, kRgb}, at::kByte);
  const bool has_size =
      !rows.failed() && rows.height() == pixels.size(0) && rows.width() == pixels.size(1);
  if (has_size) rows.read_all(pixels.mutable_data_ptr<uint8_t>());
  if (!has_size || !rows.finish()) throw Error(ErrorCode::kImage, "A JPEG is broken");
  return pixels;
}

std::vector<int64_t> output_shape(const StagedPicture& picture) {
  if (picture.values.defined()) return picture.values.sizes().slice(1).vec();
  return {kRgb, picture.window.height, picture.window.width};
}

bool become_alike(const StagedPicture& a, const StagedPicture& b) {
  return output_shape(a) == output_shape(b) && a.steps == b.steps;
}

}  // namespace bigtransfer::pictures

// The steps of transformers' BitImageProcessor: for most pictures row by row, as they are decoded.
#include "runtime/preprocess.h"

#include <cstring>

#include "image/jpeg.h"
#include "ops/row_resizer.h"

namespace bigtransfer::runtime {
namespace {

using ops::Resample;

constexpr int64_t kRgb = 3;

/// Rows of interleaved bytes, from a file or from memory.
class PictureRows {
 public:
  explicit PictureRows(const Picture& picture) : pixels_(picture.pixels) {
    if (pixels_.defined()) return;
    jpeg_.emplace(picture.jpeg);
    if (!jpeg_->start(picture.jpeg_shrink)) failed_ = true;
  }

  /// Whether a file turned out to be one that is left to others.
  bool failed() const { return failed_; }
  int64_t height() const { return jpeg_ ? jpeg_->height() : pixels_.size(0); }
  int64_t width() const { return jpeg_ ? jpeg_->width() : pixels_.size(1); }
  int64_t channels() const { return jpeg_ ? kRgb : pixels_.size(2); }

  void read(uint8_t* row) {
    if (jpeg_) {
      failed_ = failed_ || !jpeg_->read(row);
    } else {
      const int64_t bytes = width() * channels();
      std::memcpy(row, pixels_.const_data_ptr<uint8_t>() + next_++ * bytes,
                  static_cast<size_t>(bytes));
    }
  }

  /// After the last row: whether all was sound.
  bool finish() { return !failed_ && (!jpeg_ || jpeg_->finish()); }

 private:
  at::Tensor pixels_;
  int64_t next_ = 0;
  std::optional<image::JpegReader> jpeg_;
  bool failed_ = false;
};

/// All rows as [height, width, channels].
at::Tensor whole(PictureRows& rows) {
  at::Tensor pixels = at::empty({rows.height(), rows.width(), rows.channels()}, at::kByte);
  uint8_t* to = pixels.mutable_data_ptr<uint8_t>();
  for (int64_t y = 0; y < rows.height() && !rows.failed(); ++y)
    rows.read(to + y * rows.width() * rows.channels());
  return pixels;
}

/// [1, C, H, W] view of the interleaved rows.
at::Tensor planes(const at::Tensor& pixels, bool convert_rgb) {
  at::Tensor image = pixels.permute({2, 0, 1}).unsqueeze(0);
  if (!convert_rgb || image.size(1) == kRgb) return image;
  const bool grey = image.size(1) < kRgb;
  return grey ? image.narrow(1, 0, 1).expand({1, kRgb, -1, -1}) : image.narrow(1, 0, kRgb);
}

/// The part of the resized picture that the crop leaves; nothing where the crop adds to it.
std::optional<ops::ResizeWindow> window_of(const PictureRows& rows,
                                           const PreprocessRequest& request) {
  ops::ResizeWindow window{.in_height = rows.height(),
                           .in_width = rows.width(),
                           .out_height = request.picture.resized_height,
                           .out_width = request.picture.resized_width,
                           .top = 0,
                           .left = 0,
                           .height = request.picture.resized_height,
                           .width = request.picture.resized_width};
  if (!request.crop) return window;
  const auto [height, width] = *request.crop;
  if (height > window.out_height || width > window.out_width) return std::nullopt;
  window.top = (window.out_height - height) / 2;
  window.left = (window.out_width - width) / 2;
  window.height = height;
  window.width = width;
  return window;
}

/// Whether RowResizer does what libtorch's kernels would.
bool resizes_by_row(const PictureRows& rows, const PreprocessRequest& request) {
  const bool same_size = rows.height() == request.picture.resized_height &&
                         rows.width() == request.picture.resized_width;
  const bool filtered =
      request.resample == Resample::kBicubic || request.resample == Resample::kBilinear;
  return rows.channels() == kRgb && filtered && !same_size && ops::resizes_in_whole_numbers() &&
         ops::kernels() != nullptr;
}

at::Tensor resized_by_row(PictureRows& rows, const ops::ResizeWindow& window, Resample resample) {
  ops::RowResizer resizer(ops::kernels()->resize, window, resample);
  at::Tensor pixels = at::empty({window.height, window.width, kRgb}, at::kByte);
  for (int64_t y = 0; y < rows.height() && !rows.failed(); ++y) {
    rows.read(resizer.line());
    resizer.advance(pixels.mutable_data_ptr<uint8_t>());
  }
  return planes(pixels, /*convert_rgb=*/false);
}

at::Tensor resized(PictureRows& rows, const PreprocessRequest& request) {
  const std::optional<ops::ResizeWindow> window = window_of(rows, request);
  if (window && resizes_by_row(rows, request))
    return resized_by_row(rows, *window, request.resample);
  const Picture& picture = request.picture;
  const at::Tensor pixels = picture.pixels.defined() ? picture.pixels : whole(rows);
  const at::Tensor image =
      ops::resize_image(planes(pixels, request.convert_rgb), picture.resized_height,
                        picture.resized_width, request.resample);
  return request.crop ? ops::center_crop(image, request.crop->height, request.crop->width) : image;
}

}  // namespace

std::optional<at::Tensor> preprocess(const PreprocessRequest& request) {
  PictureRows rows(request.picture);
  if (rows.failed()) return std::nullopt;
  const at::Tensor image = resized(rows, request);
  if (!rows.finish()) return std::nullopt;
  return ops::scale_pixels(image, request.scaling);
}

}  // namespace bigtransfer::runtime

// Rows out of a JPEG or a tensor.
#include "pictures/picture_rows.h"

#include <cstring>

namespace bigtransfer::pictures {

using ops::Resample;

PictureRows::PictureRows(const Picture& picture) : pixels_(picture.pixels) {
  if (pixels_.defined()) return;
  jpeg_.emplace(picture.jpeg);
  if (!jpeg_->start(picture.jpeg_shrink)) failed_ = true;
}

void PictureRows::read(uint8_t* row) {
  if (jpeg_) {
    failed_ = failed_ || !jpeg_->read(row);
  } else {
    const int64_t bytes = width() * channels();
    std::memcpy(row, pixels_.const_data_ptr<uint8_t>() + next_++ * bytes,
                static_cast<size_t>(bytes));
  }
}

void PictureRows::read_all(uint8_t* pixels) {
  for (int64_t y = 0; y < height() && !failed_; ++y) read(pixels + y * width() * channels());
}

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
  if (!request.steps.crop) return window;
  const auto [height, width] = *request.steps.crop;
  if (height > window.out_height || width > window.out_width) return std::nullopt;
  window.top = (window.out_height - height) / 2;
  window.left = (window.out_width - width) / 2;
  window.height = height;
  window.width = width;
  return window;
}

bool resizes_by_taps(const PictureRows& rows, const PreprocessRequest& request) {
  const bool same_size = rows.height() == request.picture.resized_height &&
                         rows.width() == request.picture.resized_width;
  const Resample resample = request.steps.resample;
  const bool filtered = resample == Resample::kBicubic || resample == Resample::kBilinear;
  return rows.channels() == kRgb && filtered && !same_size && ops::resizes_in_whole_numbers();
}

}  // namespace bigtransfer::pictures

// Rows out of a file or a tensor.
#include "pictures/picture_rows.h"

#include <cstring>
#include <utility>

namespace bigtransfer::pictures {

using ops::Resample;

namespace {

class TensorRows final : public image::RowReader {
 public:
  explicit TensorRows(at::Tensor pixels) : pixels_(std::move(pixels)) {}

  int64_t height() const override { return pixels_.size(0); }
  int64_t width() const override { return pixels_.size(1); }
  int64_t channels() const override { return pixels_.size(2); }
  void keep_columns(int64_t, int64_t) override {}
  bool read(uint8_t* row) override {
    const int64_t bytes = width() * channels();
    std::memcpy(row, pixels_.const_data_ptr<uint8_t>() + next_++ * bytes,
                static_cast<size_t>(bytes));
    return true;
  }
  bool finish() override { return true; }

 private:
  at::Tensor pixels_;
  int64_t next_ = 0;
};

}  // namespace

PictureRows::PictureRows(const Picture& picture)
    : reader_(picture.file ? image::open_rows(*picture.file)
                           : std::make_unique<TensorRows>(picture.pixels)),
      failed_(reader_ == nullptr) {}

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

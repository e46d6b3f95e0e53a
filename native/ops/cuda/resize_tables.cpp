// First all DevicePictures, then for each its taps across and down.
#include "ops/cuda/resize_tables.h"

#include <algorithm>
#include <cstring>

#include "common/error.h"

namespace bigtransfer::ops::cuda {
namespace {

/// Every table begins at a multiple of this.
constexpr size_t kAlignment = 16;
constexpr int64_t kMostTileRows = 16;

size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

template <typename T>
size_t bytes_of(const std::vector<T>& values) {
  return aligned(values.size() * sizeof(T));
}

size_t bytes_of(const ResizeTaps& taps) { return bytes_of(taps.first) + bytes_of(taps.weights); }

/// Puts one table behind the other, here and there.
class Writer {
 public:
  Writer(std::byte* host, const std::byte* device) : host_(host), device_(device) {}

  /// Where the values will lie on the device.
  template <typename T>
  const T* put(const std::vector<T>& values) {
    std::memcpy(host_, values.data(), values.size() * sizeof(T));
    const auto* place = reinterpret_cast<const T*>(device_);
    skip(bytes_of(values));
    return place;
  }

  DeviceTaps put(const ResizeTaps& taps) {
    const int32_t* first = put(taps.first);
    const int16_t* weights = put(taps.weights);
    return {first, weights, static_cast<int32_t>(taps.taps), taps.shift};
  }

  void skip(size_t bytes) {
    host_ += bytes;
    device_ += bytes;
  }

 private:
  std::byte* host_;
  const std::byte* device_;
};

}  // namespace

ResizeTables::ResizeTables(std::vector<ResizeWindow> windows, Resample resample,
                           int64_t shared_bytes)
    : windows_(std::move(windows)),
      tile_rows_(kMostTileRows),
      bytes_(aligned(windows_.size() * sizeof(DevicePicture))) {
  for (const ResizeWindow& each : windows_) {
    across_.push_back(
        resize_taps(each.in_width, each.out_width, each.left, each.width, resample, 1));
    down_.push_back(
        resize_taps(each.in_height, each.out_height, each.top, each.height, resample, 1));
    bytes_ += bytes_of(across_.back()) + bytes_of(down_.back());
  }
  const int64_t row_bytes = std::min(kTileColumns, windows_.front().width) * kRgb;
  most_rows_ = rows_of_tiles(tile_rows_);
  while (most_rows_ * row_bytes > shared_bytes && tile_rows_ > 1) {
    tile_rows_ /= 2;
    most_rows_ = rows_of_tiles(tile_rows_);
  }
  if (most_rows_ * row_bytes > shared_bytes)
    throw Error(ErrorCode::kImage, "The image is too high for the GPU to resize it so far down");
}

int64_t ResizeTables::rows_of_tiles(int64_t tile_rows) const {
  int64_t most = 0;
  for (const ResizeTaps& taps : down_) {
    for (int64_t top = 0; top < taps.outputs(); top += tile_rows) {
      const int64_t bottom = std::min(top + tile_rows, taps.outputs()) - 1;
      most = std::max(most, taps.first[static_cast<size_t>(bottom)] + taps.taps -
                                taps.first[static_cast<size_t>(top)]);
    }
  }
  return most;
}

void ResizeTables::write(std::byte* host, const std::byte* device,
                         const std::vector<const uint8_t*>& pixels) const {
  Writer writer(host, device);
  writer.skip(aligned(windows_.size() * sizeof(DevicePicture)));
  std::vector<DevicePicture> pictures;
  for (size_t i = 0; i < windows_.size(); ++i) {
    const DeviceTaps across = writer.put(across_[i]);
    const DeviceTaps down = writer.put(down_[i]);
    pictures.push_back({pixels[i], windows_[i].in_height, windows_[i].in_width, across, down});
  }
  Writer(host, device).put(pictures);
}

ResizeTask ResizeTables::task(const std::byte* device, const at::Tensor& levels,
                              const at::Tensor& y) const {
  return {.type = y.scalar_type(),
          .pictures = reinterpret_cast<const DevicePicture*>(device),
          .images = y.size(0),
          .height = y.size(2),
          .width = y.size(3),
          .tile_rows = tile_rows_,
          .most_rows = most_rows_,
          .levels = levels.const_data_ptr<float>(),
          .y = y.mutable_data_ptr(),
          .image_stride = y.stride(0),
          .row_stride = y.stride(2),
          .column_stride = y.stride(3),
          .channel_stride = y.stride(1),
          .channels = y.size(1)};
}

}  // namespace bigtransfer::ops::cuda

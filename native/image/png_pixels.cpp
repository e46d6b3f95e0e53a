// One loop for each way in which a pixel is found in its samples.
#include "image/png_pixels.h"

#include <algorithm>
#include <cstring>

#include "image/row_reader.h"

namespace bigtransfer::image {
namespace {

constexpr int kMost = 255;

int64_t samples_of(PngColour colour) {
  if (colour == PngColour::kRgba) return 4;
  if (colour == PngColour::kRgb) return 3;
  return colour == PngColour::kGreyAlpha ? 2 : 1;
}

/// Four bytes of each pixel but the last are stored at once, and the next one's are stored over the
/// fourth: that is much faster than three stores.
template <typename PixelAt>
void write_all(const uint8_t* samples, int64_t stride, int64_t count, uint8_t* rgb,
               const PixelAt& pixel_at) {
  for (; count > 1; --count, samples += stride, rgb += kRgb) {
    const auto pixel = pixel_at(samples);
    std::memcpy(rgb, pixel.data(), pixel.size());
  }
  if (count == 1) std::memcpy(rgb, pixel_at(samples).data(), kRgb);
}

}  // namespace

PngPixels::PngPixels(const PngFormat& format)
    : bytes_(format.depth > 8 ? 2 : 1),
      stride_(samples_of(format.colour) * bytes_),
      has_colours_(samples_of(format.colour) >= kRgb),
      is_clipped_(format.colour == PngColour::kGrey && bytes_ == 2 && !format.has_transparency) {
  if (format.colour == PngColour::kPalette) {
    for (size_t i = 0; i < std::min(format.palette.size(), colours_.size()); ++i)
      std::ranges::copy(format.palette[i], colours_[i].begin());
    return;
  }
  const int white = format.depth < 8 ? (1 << format.depth) - 1 : kMost;
  for (int i = 0; i <= white; ++i)
    colours_[static_cast<size_t>(i)].fill(static_cast<uint8_t>(i * (kMost / white)));
}

void PngPixels::to_rgb(const uint8_t* samples, int64_t begin, int64_t end, uint8_t* rgb) const {
  samples += begin * stride_;
  rgb += begin * kRgb;
  const int64_t count = end - begin;
  const auto fill = [&](const auto& pixel_at) {
    write_all(samples, stride_, count, rgb, pixel_at);
  };
  if (is_clipped_) {
    fill([&](const uint8_t* at) { return colours_[at[0] > 0 ? kMost : at[1]]; });
  } else if (!has_colours_) {
    fill([&](const uint8_t* at) { return colours_[*at]; });
  } else if (bytes_ == 2) {
    fill([](const uint8_t* at) { return Quad{at[0], at[2], at[4]}; });
  } else if (stride_ > kRgb) {
    fill([](const uint8_t* at) {
      Quad pixel;
      std::memcpy(pixel.data(), at, pixel.size());
      return pixel;
    });
  } else {
    std::memcpy(rgb, samples, static_cast<size_t>(count * kRgb));
  }
}

}  // namespace bigtransfer::image

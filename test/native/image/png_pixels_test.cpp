// Samples of every kind against what the specification and Pillow's conversion make of one pixel.
#include "image/png_pixels.h"

#include <vector>

#include "check.h"

using namespace bigtransfer;
using image::PngColour;
using image::PngFormat;
using image::PngPixels;

namespace {

using Rgb = std::array<uint8_t, 3>;

constexpr uint8_t kUntouched = 77;

/// The pixels `begin` to `end` of a row, in a row of four with something else around them.
std::vector<uint8_t> converted(const PngFormat& format, const std::vector<uint8_t>& samples,
                               int64_t begin, int64_t end) {
  std::vector<uint8_t> rgb(12, kUntouched);
  PngPixels(format).to_rgb(samples.data(), begin, end, rgb.data());
  return rgb;
}

/// Of a row of four pixels.
void expect_pixels(const PngFormat& format, const std::vector<uint8_t>& samples,
                   const std::vector<Rgb>& expected) {
  for (int64_t begin = 0; begin <= 4; ++begin) {
    for (int64_t end = begin; end <= 4; ++end) {
      std::vector<uint8_t> row(12, kUntouched);
      for (int64_t i = begin; i < end; ++i)
        std::ranges::copy(expected[static_cast<size_t>(i)], row.begin() + 3 * i);
      EXPECT(converted(format, samples, begin, end) == row);
    }
  }
}

Rgb grey(int value) {
  const auto byte = static_cast<uint8_t>(value);
  return {byte, byte, byte};
}

}  // namespace

TEST("PngPixels: grey of few bits is scaled to 255") {
  expect_pixels({PngColour::kGrey, 1, false, {}}, {1, 0, 0, 1},
                {grey(255), grey(0), grey(0), grey(255)});
  expect_pixels({PngColour::kGrey, 2, false, {}}, {0, 1, 2, 3},
                {grey(0), grey(85), grey(170), grey(255)});
  expect_pixels({PngColour::kGrey, 4, false, {}}, {1, 7, 14, 15},
                {grey(17), grey(119), grey(238), grey(255)});
  expect_pixels({PngColour::kGrey, 8, true, {}}, {0, 1, 128, 255},
                {grey(0), grey(1), grey(128), grey(255)});
}

TEST("PngPixels: grey of sixteen bits is clipped, with a transparent value it has its high byte") {
  const std::vector<uint8_t> samples = {0, 0, 0, 255, 1, 0, 200, 9};
  expect_pixels({PngColour::kGrey, 16, false, {}}, samples,
                {grey(0), grey(255), grey(255), grey(255)});
  expect_pixels({PngColour::kGrey, 16, true, {}}, samples, {grey(0), grey(0), grey(1), grey(200)});
}

TEST("PngPixels: alpha is dropped") {
  expect_pixels({PngColour::kGreyAlpha, 8, false, {}}, {5, 0, 6, 255, 7, 9, 8, 1},
                {grey(5), grey(6), grey(7), grey(8)});
  expect_pixels({PngColour::kRgba, 8, false, {}},
                {1, 2, 3, 0, 4, 5, 6, 9, 7, 8, 9, 255, 10, 11, 12, 1},
                {Rgb{1, 2, 3}, Rgb{4, 5, 6}, Rgb{7, 8, 9}, Rgb{10, 11, 12}});
}

TEST("PngPixels: RGB as it is, and the high bytes of sixteen bits") {
  const std::vector<Rgb> pixels = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}};
  expect_pixels({PngColour::kRgb, 8, true, {}}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, pixels);
  std::vector<uint8_t> rgb;
  std::vector<uint8_t> rgba;
  std::vector<uint8_t> grey_alpha;
  for (const Rgb& pixel : pixels) {
    for (const uint8_t value : pixel) {
      rgb.insert(rgb.end(), {value, 200});
      rgba.insert(rgba.end(), {value, 100});
    }
    rgba.insert(rgba.end(), {50, 60});
    grey_alpha.insert(grey_alpha.end(), {pixel[0], 255, 50, 60});
  }
  expect_pixels({PngColour::kRgb, 16, false, {}}, rgb, pixels);
  expect_pixels({PngColour::kRgba, 16, false, {}}, rgba, pixels);
  expect_pixels({PngColour::kGreyAlpha, 16, false, {}}, grey_alpha,
                {grey(1), grey(4), grey(7), grey(10)});
}

TEST("PngPixels: colours of a palette, black beyond it") {
  const PngFormat format{PngColour::kPalette, 8, true, {{1, 2, 3}, {4, 5, 6}, {255, 254, 253}}};
  expect_pixels(format, {2, 0, 1, 3}, {Rgb{255, 254, 253}, Rgb{1, 2, 3}, Rgb{4, 5, 6}, grey(0)});
  expect_pixels(format, {255, 1, 1, 0}, {grey(0), Rgb{4, 5, 6}, Rgb{4, 5, 6}, Rgb{1, 2, 3}});
  // No more of it counts than an index can name.
  PngFormat long_one = format;
  long_one.palette.assign(300, {9, 9, 9});
  expect_pixels(long_one, {0, 1, 254, 255}, {grey(9), grey(9), grey(9), grey(9)});
}

// Whatever the bytes are, the decoder gives pixels or nothing; pictures are compared in test/image.
#include "image/jpeg.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "check.h"
#include "image/grey_jpeg.h"

using namespace bigtransfer;
using test::grey_square;

namespace {

struct Picture {
  int64_t height;
  int64_t width;
  std::vector<uint8_t> pixels;
};

/// All rows, or nothing where the reader gives up.
std::optional<Picture> decode(const std::string& file, int shrink) {
  image::JpegReader reader(file);
  if (!reader.start(shrink)) return std::nullopt;
  Picture picture{reader.height(), reader.width(), {}};
  const size_t row = static_cast<size_t>(picture.width) * 3;
  picture.pixels.resize(static_cast<size_t>(picture.height) * row);
  for (int64_t y = 0; y < picture.height; ++y) {
    if (!reader.read(picture.pixels.data() + static_cast<size_t>(y) * row)) return std::nullopt;
  }
  if (!reader.finish()) return std::nullopt;
  return picture;
}

}  // namespace

TEST("JpegReader: grey becomes RGB, and the sides are divided and rounded up") {
  if (image::jpeg_version().empty()) {
    EXPECT(!decode(grey_square(), 1));
    return;
  }
  for (const int shrink : {1, 2, 4, 8}) {
    const auto pixels = decode(grey_square(), shrink);
    EXPECT(pixels.has_value());
    if (!pixels) continue;
    const auto is_grey = [](uint8_t value) { return value == 128; };
    EXPECT(pixels->height == 8 / shrink && pixels->width == 8 / shrink);
    EXPECT(std::all_of(pixels->pixels.begin(), pixels->pixels.end(), is_grey));
  }
}

TEST("JpegReader: nothing for what is cut off, of other bytes or none at all") {
  const std::string file = grey_square();
  EXPECT(!decode("", 1));
  EXPECT(!decode(std::string(1000, '\xff'), 1));
  for (size_t size = 0; size + 2 < file.size(); ++size) EXPECT(!decode(file.substr(0, size), 1));
}

TEST("JpegReader: every single wrong byte gives pixels or nothing") {
  for (size_t at = 0; at < grey_square().size(); ++at) {
    for (const int value : {0, 1, 0x7f, 0x80, 0xff}) {
      std::string file = grey_square();
      file[at] = static_cast<char>(value);
      const auto picture = decode(file, 1);
      EXPECT(!picture || picture->height * picture->width > 0);
    }
  }
}

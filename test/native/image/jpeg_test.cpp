// Whatever the bytes are, the decoder gives pixels or nothing; pictures are compared in test/image.
#include "image/jpeg.h"

#include <cstdlib>
#include <string>

#include "check.h"

using namespace bigtransfer;

namespace {

/// A grey JPEG of 8 x 8 whose pixels are all 128: one block with a DC difference of zero.
std::string grey_square() {
  const auto bytes = [](std::initializer_list<int> values) {
    return std::string(values.begin(), values.end());
  };
  std::string file = bytes({0xff, 0xd8});
  file += bytes({0xff, 0xdb, 0, 67, 0}) + std::string(64, '\1');
  file += bytes({0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0});
  // One code of one bit each: DC size 0, and the end of the block.
  const std::string counts = bytes({1}) + std::string(15, '\0');
  file += bytes({0xff, 0xc4, 0, 20, 0x00}) + counts + bytes({0});
  file += bytes({0xff, 0xc4, 0, 20, 0x10}) + counts + bytes({0});
  file += bytes({0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0});
  return file + bytes({0x3f, 0xff, 0xd9});
}

}  // namespace

TEST("decode_jpeg: grey becomes RGB, and the sides are divided and rounded up") {
  if (image::jpeg_version().empty()) {
    EXPECT(!image::decode_jpeg(grey_square(), 1));
    return;
  }
  for (const int shrink : {1, 2, 4, 8}) {
    const auto pixels = image::decode_jpeg(grey_square(), shrink);
    EXPECT(pixels.has_value());
    if (!pixels) continue;
    EXPECT(pixels->sizes() == at::IntArrayRef({8 / shrink, 8 / shrink, 3}));
    EXPECT(pixels->eq(128).all().item<bool>());
  }
}

TEST("decode_jpeg: nothing for what is cut off, of other bytes or none at all") {
  const std::string file = grey_square();
  EXPECT(!image::decode_jpeg("", 1));
  EXPECT(!image::decode_jpeg(std::string(1000, '\xff'), 1));
  for (size_t size = 0; size + 2 < file.size(); ++size)
    EXPECT(!image::decode_jpeg(file.substr(0, size), 1));
}

TEST("decode_jpeg: every single wrong byte gives pixels or nothing") {
  for (size_t at = 0; at < grey_square().size(); ++at) {
    for (const int value : {0, 1, 0x7f, 0x80, 0xff}) {
      std::string file = grey_square();
      file[at] = static_cast<char>(value);
      const auto pixels = image::decode_jpeg(file, 1);
      EXPECT(!pixels || pixels->size(2) == 3);
    }
  }
}

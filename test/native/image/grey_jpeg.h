// The smallest of JPEGs.
#pragma once

#include <initializer_list>
#include <string>

namespace bigtransfer::test {

/// A grey JPEG of 8 x 8 whose pixels are all 128: one block with a DC difference of zero.
inline std::string grey_square() {
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

}  // namespace bigtransfer::test

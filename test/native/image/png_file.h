// PNGs byte by byte, without a compressor: their pixels are stored as they are.
#pragma once

#include <cstdint>
#include <string>

#include "checkpoint/crc32.h"
#include "image/png_pixels.h"

namespace bigtransfer::test {

/// Numbers of a PNG have their high byte first.
inline std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

inline std::string chunk(const std::string& type, const std::string& content) {
  const auto length = big_endian(static_cast<uint32_t>(content.size()));
  return length + type + content + big_endian(checkpoint::crc32(type + content));
}

/// One stored block of zlib's format (RFC 1950, RFC 1951, 3.2.4).
inline std::string stored(const std::string& bytes) {
  uint32_t a = 1;
  uint32_t b = 0;
  for (const char byte : bytes) {
    a = (a + static_cast<unsigned char>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  const auto size = static_cast<uint16_t>(bytes.size());
  const std::string start = {0x78, 1, 1};
  const auto little_endian = [](uint16_t value) {
    return std::string{static_cast<char>(value), static_cast<char>(value >> 8)};
  };
  return start + little_endian(size) + little_endian(static_cast<uint16_t>(~size)) + bytes +
         big_endian(b << 16 | a);
}

struct PngFile {
  uint32_t width;
  uint32_t height;
  image::PngColour colour;
  int depth;
  /// Each with its filter first.
  std::string rows;
  /// Chunks before the pixels.
  std::string before = {};
  bool interlaced = false;

  std::string bytes() const {
    const std::string kinds = {static_cast<char>(depth), static_cast<char>(colour), 0, 0,
                               static_cast<char>(interlaced)};
    return "\x89PNG\r\n\x1a\n" + chunk("IHDR", big_endian(width) + big_endian(height) + kinds) +
           before + chunk("IDAT", stored(rows)) + chunk("IEND", "");
  }
};

/// 3 x 2 in RGB, whose first pixel is 1, 2, 3 and last 16, 17, 18.
inline PngFile small_png() {
  return {3, 2, image::PngColour::kRgb, 8,
          std::string("\0\1\2\3\4\5\6\7\10\11\0\12\13\14\15\16\17\20\21\22", 20)};
}

}  // namespace bigtransfer::test

// Segment by segment (ITU-T T.81, B.1).
#include "image/jpeg_end.h"

#include <cstdint>

namespace bigtransfer::image {
namespace {

constexpr uint8_t kPrefix = 0xFF;
constexpr uint8_t kStartOfImage = 0xD8;
constexpr uint8_t kEndOfImage = 0xD9;
/// RST0 to RST7, among the picture's data, and TEM: markers without a segment.
constexpr uint8_t kFirstRestart = 0xD0;
constexpr uint8_t kLastRestart = 0xD7;
constexpr uint8_t kTemporary = 0x01;

bool stands_alone(uint8_t marker) {
  return marker == kStartOfImage || marker == kTemporary ||
         (marker >= kFirstRestart && marker <= kLastRestart);
}

}  // namespace

bool has_end(std::string_view jpeg) {
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(jpeg[at]); };
  size_t at = 0;
  while (true) {
    // Between segments there is nothing but the picture's data, in which 0 follows each prefix.
    at = jpeg.find(static_cast<char>(kPrefix), at);
    if (at == std::string_view::npos || at + 1 >= jpeg.size()) return false;
    const uint8_t marker = byte(++at);
    if (marker == kPrefix) continue;
    ++at;
    if (marker == kEndOfImage) return true;
    if (marker == 0 || stands_alone(marker)) continue;
    if (at + 1 >= jpeg.size()) return false;
    at += static_cast<size_t>(byte(at) << 8 | byte(at + 1));
  }
}

}  // namespace bigtransfer::image

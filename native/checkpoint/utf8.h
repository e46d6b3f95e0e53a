// UTF-8, sequence by sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bigtransfer::checkpoint {

/// Whether a byte between `low` and `high` stands at `at`.
inline bool utf8_continues(std::string_view text, size_t at, unsigned char low = 0x80,
                           unsigned char high = 0xbf) {
  const auto byte = at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
  return byte >= low && byte <= high;
}

/// Length of the UTF-8 sequence at `at`, or 0 if there is none (Unicode 15, table 3-7).
inline size_t utf8_length(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return utf8_continues(text, at + 1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned char low = lead == 0xe0 ? 0xa0 : 0x80;   // shorter forms exist below
    const unsigned char high = lead == 0xed ? 0x9f : 0xbf;  // surrogates lie above
    return utf8_continues(text, at + 1, low, high) && utf8_continues(text, at + 2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned char low = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xf4 ? 0x8f : 0xbf;  // U+10FFFF is the last
    return utf8_continues(text, at + 1, low, high) && utf8_continues(text, at + 2) &&
                   utf8_continues(text, at + 3)
               ? 4
               : 0;
  }
  return 0;
}

/// Appends a code point that is not a surrogate.
inline void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const uint32_t lead = tail == 1 ? 0xc0 : tail == 2 ? 0xe0 : 0xf0;
  out += static_cast<char>(lead | code >> (6 * tail));
  for (int i = tail - 1; i >= 0; --i) out += static_cast<char>(0x80 | (code >> (6 * i) & 0x3f));
}

}  // namespace bigtransfer::checkpoint

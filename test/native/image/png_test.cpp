// Rows out of files; pictures of all kinds are compared in test/image.
#include "image/png.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "check.h"
#include "image/png_file.h"

using namespace bigtransfer;
using image::PngColour;
using test::PngFile;
using test::small_png;

namespace {

constexpr size_t kRgb = 3;

using Pixels = std::vector<uint8_t>;

/// All rows, or nothing where the reader gives up.
std::optional<Pixels> decode(const std::string& file) {
  image::PngReader reader(file);
  if (!reader.start()) return std::nullopt;
  const size_t row = static_cast<size_t>(reader.width()) * kRgb;
  Pixels pixels(static_cast<size_t>(reader.height()) * row);
  for (size_t at = 0; at < pixels.size(); at += row) {
    if (!reader.read(pixels.data() + at)) return std::nullopt;
  }
  if (!reader.finish()) return std::nullopt;
  return pixels;
}

/// PNG, third edition, 9.2 and 9.4: a is to the left, b above, c above to the left.
int predicted(int filter, int a, int b, int c) {
  if (filter == 1) return a;
  if (filter == 2) return b;
  if (filter == 3) return (a + b) / 2;
  if (filter == 0) return 0;
  const int p = a + b - c;
  const int to_a = std::abs(p - a);
  const int to_b = std::abs(p - b);
  const int to_c = std::abs(p - c);
  if (to_a <= to_b && to_a <= to_c) return a;
  return to_b <= to_c ? b : c;
}

/// Rows of samples with a filter, for pixels of so many bytes.
std::string filtered(const Pixels& samples, size_t row, size_t pixel, int filter) {
  std::string result;
  for (size_t at = 0; at < samples.size(); ++at) {
    const size_t x = at % row;
    if (x == 0) result += static_cast<char>(filter);
    const int a = x < pixel ? 0 : samples[at - pixel];
    const int b = at < row ? 0 : samples[at - row];
    const int c = x < pixel || at < row ? 0 : samples[at - row - pixel];
    result += static_cast<char>(samples[at] - predicted(filter, a, b, c));
  }
  return result;
}

/// Of no pattern.
Pixels some_bytes(size_t count) {
  Pixels bytes;
  for (uint32_t state = 7; bytes.size() < count; state = state * 1664525 + 1013904223)
    bytes.push_back(static_cast<uint8_t>(state >> 24));
  return bytes;
}

}  // namespace

TEST("PngReader: rows of a small file, and nothing without a decoder") {
  const auto pixels = decode(small_png().bytes());
  EXPECT(pixels.has_value() == !image::png_version().empty());
  if (!pixels) return;
  for (size_t i = 0; i < pixels->size(); ++i) EXPECT((*pixels)[i] == i + 1);
  EXPECT(pixels->size() == 18);
}

TEST("PngReader: every filter, for pixels of every number of bytes") {
  if (image::png_version().empty()) return;
  constexpr size_t kWidth = 19;
  constexpr size_t kHeight = 6;
  for (int filter = 0; filter <= 4; ++filter) {
    for (const size_t bytes : {size_t{3}, size_t{4}, size_t{6}, size_t{8}}) {
      const bool alpha = bytes % 4 == 0;
      const size_t step = bytes < 6 ? 1 : 2;
      const Pixels samples = some_bytes(kWidth * kHeight * bytes);
      const PngFile file{kWidth, kHeight, alpha ? PngColour::kRgba : PngColour::kRgb,
                         static_cast<int>(8 * step),
                         filtered(samples, kWidth * bytes, bytes, filter)};
      Pixels expected;
      for (size_t at = 0; at < samples.size(); at += bytes) {
        for (size_t c = 0; c < kRgb; ++c) expected.push_back(samples[at + c * step]);
      }
      EXPECT(decode(file.bytes()) == expected);
    }
  }
}

TEST("PngReader: samples below a byte, and a palette") {
  if (image::png_version().empty()) return;
  // Three of four bits: 1, 15, 0; and five of one: 1 0 1 1 0.
  const PngFile grey{3, 1, PngColour::kGrey, 4, std::string("\0\x1f\x0f", 3)};
  EXPECT(decode(grey.bytes()) == (Pixels{17, 17, 17, 255, 255, 255, 0, 0, 0}));
  const std::string palette = test::chunk("PLTE", "\1\2\3\4\5\6");
  const PngFile indexed{5, 1, PngColour::kPalette, 1, std::string("\0\xb7", 2), palette};
  EXPECT(decode(indexed.bytes()) == (Pixels{4, 5, 6, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3}));
}

TEST("PngReader: only the columns that are wanted are filled") {
  if (image::png_version().empty()) return;
  const std::string file = small_png().bytes();
  image::PngReader reader(file);
  EXPECT(reader.start() && reader.width() == 3 && reader.height() == 2 && reader.channels() == 3);
  reader.keep_columns(1, 2);
  Pixels row(9, 200);
  EXPECT(reader.read(row.data()));
  EXPECT(row == (Pixels{200, 200, 200, 4, 5, 6, 200, 200, 200}));
  EXPECT(reader.read(row.data()));
  EXPECT(row == (Pixels{200, 200, 200, 13, 14, 15, 200, 200, 200}));
  EXPECT(reader.finish());
  EXPECT(!reader.read(row.data()));
}

TEST("PngReader: profiles, texts and what follows the pixels change nothing") {
  if (image::png_version().empty()) return;
  const auto plain = decode(small_png().bytes());
  PngFile file = small_png();
  file.before = test::chunk("gAMA", test::big_endian(1)) +
                test::chunk("sRGB", std::string(1, '\0')) + test::chunk("iCCP", "no profile") +
                test::chunk("tEXt", "a text") + test::chunk("acTL", std::string(8, '\1'));
  EXPECT(decode(file.bytes()) == plain);
  EXPECT(decode(file.bytes() + "more") == plain);
  // Nor is its end asked for.
  EXPECT(decode(file.bytes().substr(0, file.bytes().size() - 12)) == plain);
}

TEST("PngReader: interlaced files, huge ones and those of no pixels are left to others") {
  PngFile file = small_png();
  file.interlaced = true;
  EXPECT(!decode(file.bytes()));
  file = small_png();
  file.width = 0;
  EXPECT(!decode(file.bytes()));
  // One pixel more than any picture may have; and as many as it may have, whose rows are missing.
  file = small_png();
  file.width = 0x3fff;
  file.height = 0x3fff + 1;
  const auto starts = [](const std::string& bytes) { return image::PngReader(bytes).start(); };
  EXPECT(!starts(file.bytes()));
  file.height = 0x3fff;
  EXPECT(starts(file.bytes()) == !image::png_version().empty());
}

TEST("PngReader: nothing for what is cut off before its last row, of other bytes or none at all") {
  const std::string file = small_png().bytes();
  EXPECT(!decode(""));
  EXPECT(!decode(std::string(1000, '\x89')));
  for (size_t size = 0; size + 12 < file.size(); ++size) EXPECT(!decode(file.substr(0, size)));
  PngFile short_one = small_png();
  short_one.rows.pop_back();
  EXPECT(!decode(short_one.bytes()));
  PngFile long_one = small_png();
  long_one.rows += '\0';
  EXPECT(!decode(long_one.bytes()));
}

TEST("PngReader: nothing for wrong checksums, of chunks and of the pixels") {
  const std::string file = small_png().bytes();
  const size_t idat = file.find("IDAT");
  // The last bytes of the header, of zlib's data and of the chunk with it.
  for (const size_t at : {idat - 5, file.size() - 17, file.size() - 13}) {
    std::string broken = file;
    broken[at] = static_cast<char>(broken[at] ^ 1);
    EXPECT(!decode(broken));
  }
}

TEST("PngReader: every single wrong byte gives the pixels or nothing") {
  const std::string file = small_png().bytes();
  const auto plain = decode(file);
  for (size_t at = 0; at < file.size(); ++at) {
    for (const int value : {0, 1, 0x7f, 0x80, 0xff}) {
      std::string broken = file;
      broken[at] = static_cast<char>(value);
      const auto pixels = decode(broken);
      EXPECT(!pixels || pixels == plain);
    }
  }
}

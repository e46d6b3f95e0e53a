// Files that end where they should, and others.
#include "image/jpeg_end.h"

#include <string>

#include "check.h"
#include "image/grey_jpeg.h"

using namespace bigtransfer;
using namespace std::string_literals;
using image::has_end;

namespace {

const std::string kStart = "\xFF\xD8"s;
const std::string kEnd = "\xFF\xD9"s;
/// With a length of four, which counts itself.
const std::string kScan = "\xFF\xDA\x00\x04\x01\x02"s;

/// A segment for an application, of which a thumbnail's end is part.
const std::string kThumbnail = "\xFF\xE1\x00\x06\xFF\xD9\xFF\xD9"s;

}  // namespace

TEST("JPEG end: a whole file has one, and none of its beginnings") {
  const std::string jpeg = test::grey_square();
  EXPECT(has_end(jpeg));
  for (size_t size = 0; size < jpeg.size(); ++size) EXPECT(!has_end(jpeg.substr(0, size)));
}

TEST("JPEG end: what follows the end does not count") {
  EXPECT(has_end(kStart + kScan + "data"s + kEnd + "\0\0\0"s));
}

TEST("JPEG end: markers within segments do not count") {
  EXPECT(!has_end(kStart + kThumbnail + kScan + "data"s));
  EXPECT(has_end(kStart + kThumbnail + kScan + "data"s + kEnd));
  // A table between two scans.
  EXPECT(!has_end(kStart + kScan + "data\xFF\xC4\x00\x04\xFF\xD9"s + kScan + "data"s));
}

TEST("JPEG end: stuffed bytes, restarts and fillers within the data") {
  EXPECT(has_end(kStart + kScan + "a\xFF\x00\xD9\xFF\xD0\xFF\xD7\xFF\x01\xFF"s + kEnd));
  EXPECT(!has_end(kStart + kScan + "a\xFF\x00\xD9\xFF\xD3"s));
}

TEST("JPEG end: segments that reach past the file, and no JPEG at all") {
  EXPECT(!has_end(kStart + "\xFF\xE1\xFF\xFF"s + kEnd));
  EXPECT(!has_end(kStart + "\xFF\xE1\x00"s));
  EXPECT(!has_end(""));
  EXPECT(!has_end("\xFF"));
  EXPECT(!has_end("no JPEG"));
}

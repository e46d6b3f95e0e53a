// Each kind of file has its reader.
#include "image/encoded.h"

#include <vector>

#include "check.h"
#include "image/grey_jpeg.h"
#include "image/jpeg.h"
#include "image/png.h"
#include "image/png_file.h"

using namespace bigtransfer;
using image::EncodedPicture;
using image::Encoding;
using image::open_rows;

TEST("encoded picture: rows of a JPEG, shrunk as is asked, and of a PNG") {
  if (!image::jpeg_version().empty()) {
    const EncodedPicture jpeg{Encoding::kJpeg, test::grey_square(), 4};
    const auto rows = open_rows(jpeg);
    EXPECT(rows && rows->height() == 2 && rows->width() == 2 && rows->channels() == image::kRgb);
  }
  if (!image::png_version().empty()) {
    const EncodedPicture png{Encoding::kPng, test::small_png().bytes(), 1};
    const auto rows = open_rows(png);
    EXPECT(rows && rows->height() == 2 && rows->width() == 3 && rows->channels() == image::kRgb);
    std::vector<uint8_t> row(9);
    EXPECT(rows->read(row.data()) && row[0] == 1 && row[8] == 9);
  }
}

TEST("encoded picture: nothing for a file of another kind") {
  EXPECT(open_rows({Encoding::kJpeg, test::small_png().bytes(), 1}) == nullptr);
  EXPECT(open_rows({Encoding::kPng, test::grey_square(), 1}) == nullptr);
}

// The reader of each kind of file.
#include "image/encoded.h"

#include "image/jpeg.h"
#include "image/png.h"

namespace bigtransfer::image {

std::unique_ptr<RowReader> open_rows(const EncodedPicture& picture) {
  if (picture.encoding == Encoding::kPng) {
    auto png = std::make_unique<PngReader>(picture.bytes);
    return png->start() ? std::move(png) : nullptr;
  }
  auto jpeg = std::make_unique<JpegReader>(picture.bytes);
  return jpeg->start(picture.shrink) ? std::move(jpeg) : nullptr;
}

}  // namespace bigtransfer::image

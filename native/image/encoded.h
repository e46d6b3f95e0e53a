// Pictures as files, of the kinds that are decoded here.
#pragma once

#include <memory>
#include <string>

#include "image/row_reader.h"

namespace bigtransfer::image {

enum class Encoding { kJpeg, kPng };

/// A whole file.
struct EncodedPicture {
  Encoding encoding;
  std::string bytes;
  /// What the sides are divided by as it is decoded: for a JPEG 1, 2, 4 or 8; 1 for others.
  int shrink;
};

/// RGB rows of `picture`, which must outlive them; null for a file that is left to others.
std::unique_ptr<RowReader> open_rows(const EncodedPicture& picture);

}  // namespace bigtransfer::image

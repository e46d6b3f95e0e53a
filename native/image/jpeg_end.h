// Whether a JPEG is all there.
#pragma once

#include <string_view>

namespace bigtransfer::image {

/// Whether the file has the marker that ends a picture, after the picture's own data: thumbnails in
/// a segment of their own do not count. What else is wrong with it is for decoders to say.
bool has_end(std::string_view jpeg);

}  // namespace bigtransfer::image

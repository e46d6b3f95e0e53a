// JPEG files to pixels by libjpeg-turbo, where the build found it.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <string_view>

namespace bigtransfer::image {

/// The decoder's version; empty in a build without it.
std::string jpeg_version();

/// Decodes a whole JPEG of 8 bits, grey or colour, to RGB [height, width, 3] in uint8, with the
/// accurate DCT and smooth upsampling that Pillow uses. Its sides are divided by `shrink`, 1, 2, 4
/// or 8, and rounded up, in the DCT's own domain. Nothing where the file is anything else, damaged
/// in any way or there is no decoder.
std::optional<at::Tensor> decode_jpeg(std::string_view bytes, int shrink);

}  // namespace bigtransfer::image

// torchvision's choice of kernel per filter: native uint8 where ATen has it, float and round else.
#include "ops/resize_image.h"

#include <ATen/Version.h>

#include "common/error.h"

namespace bigtransfer::ops {
namespace {

at::Tensor resize_bilinear(const at::Tensor& image, at::IntArrayRef size) {
  if (resizes_in_whole_numbers()) return at::_upsample_bilinear2d_aa(image, size, false);
  return at::_upsample_bilinear2d_aa(image.to(at::kFloat), size, false).round_().to(at::kByte);
}

at::Tensor resize_lanczos(const at::Tensor& image, at::IntArrayRef size) {
#if __has_include(<ATen/ops/_upsample_lanczos2d_aa.h>)
  return at::_upsample_lanczos2d_aa(image, size, false);
#else
  return at::_upsample_bicubic2d_aa(image, size, false);
#endif
}

/// The layout that ATen's kernels are fastest with: RGB interleaved, everything else with its
/// planes apart. Where a side is 1 the strides leave the layout open, and they would take one for
/// the other.
at::Tensor in_best_layout(const at::Tensor& image) {
  const bool interleaved = image.is_contiguous(at::MemoryFormat::ChannelsLast);
  if (interleaved && image.size(1) == 3 && image.size(2) > 1 && image.size(3) > 1) return image;
  return image.contiguous();
}

}  // namespace

/// ATen's uint8 bilinear kernel is vectorised on AVX2, AVX-512 and ARM; elsewhere torchvision
/// resizes in float.
bool resizes_in_whole_numbers() {
#if defined(__aarch64__)
  return true;
#else
  const std::string capability = at::get_cpu_capability();
  return capability == "AVX2" || capability == "AVX512";
#endif
}

at::Tensor resize_image(const at::Tensor& source, int64_t height, int64_t width,
                        Resample resample) {
  if (source.size(-2) == height && source.size(-1) == width) return source;
  if (height == 1 && width == 1 && source.size(1) > 1) {
    // ATen's kernels for several channels fail an assertion of theirs where one pixel comes out.
    const at::Tensor planes = source.reshape({-1, 1, source.size(-2), source.size(-1)});
    return resize_image(planes, 1, 1, resample).reshape({source.size(0), source.size(1), 1, 1});
  }
  const at::Tensor image = in_best_layout(source);
  const std::array<int64_t, 2> size{height, width};
  switch (resample) {
    case Resample::kNearest:
      return at::_upsample_nearest_exact2d(image, size);
    case Resample::kBilinear:
      return resize_bilinear(image, size);
    case Resample::kBicubic:
      return at::_upsample_bicubic2d_aa(image, size, false);
    case Resample::kLanczos:
      return resize_lanczos(image, size);
    case Resample::kBox:
    case Resample::kHamming:
      break;
  }
  throw Error(ErrorCode::kConfig,
              "resample 4 (box) and 5 (hamming) cannot resize tensors: use 0 (nearest), "
              "1 (lanczos), 2 (bilinear) or 3 (bicubic)");
}

}  // namespace bigtransfer::ops

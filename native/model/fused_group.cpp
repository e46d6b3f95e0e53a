// Each step leaves the images in the workspace, with the sums that the next norm needs.
#include "model/fused_group.h"

#include <algorithm>
#include <utility>

#include "common/share_out.h"
#include "ops/max_pool.h"

namespace bigtransfer::model {

using ops::ImageShape;

ImageShape FusedPlan::ImageGroup::convolve(const Conv& conv, const ops::ChannelNorm* norm,
                                           const float* x, const ImageShape& in, Sums in_sums,
                                           AlignedBuffer& buffer, Sums out_sums, bool adds) {
  const Windows windows = windows_of(*conv.spec, {in.height, in.width});
  const int64_t channels = conv.spec->out_channels;
  const ImageShape out{windows.out.height, windows.out.width, channels, pitch_of(channels)};
  call_.control.between();
  const LayerTimer timer(call_.control.clock, conv.spec->name,
                         images_ * multiply_adds(*conv.spec, windows.out));
  if (norm) find_affine(*norm, x, in, in_sums);
  conv.packed.run({.in = in,
                   .out = out,
                   .kernel = conv.spec->kernel,
                   .stride = conv.spec->stride,
                   .dilation = conv.spec->dilation,
                   .pad_top = windows.pad_top,
                   .pad_left = windows.pad_left},
                  {.images = images_,
                   .x = x,
                   .scale = norm ? w_.scale.data() : nullptr,
                   .shift = norm ? w_.shift.data() : nullptr,
                   .addend = adds ? buffer.data() : nullptr,
                   .out = buffer.reserve(images_ * out.pixels() * out.pitch),
                   .sums = sums(out_sums, out.pitch)});
  return out;
}

void FusedPlan::ImageGroup::find_affine(const ops::ChannelNorm& norm, const float* x,
                                        const ImageShape& shape, Sums sums) {
  w_.scale.resize(static_cast<size_t>(images_ * shape.pitch));
  w_.shift.resize(static_cast<size_t>(images_ * shape.pitch));
  for (int64_t n = 0; n < images_; ++n) {
    ops::group_affine(norm, x + n * shape.pixels() * shape.pitch, shape,
                      w_.sums[sums].data() + n * 2 * shape.pitch, w_.scale.data() + n * shape.pitch,
                      w_.shift.data() + n * shape.pitch);
  }
}

void FusedPlan::ImageGroup::take(int64_t n, const ImageGroup& one) {
  shape_ = one.shape_;
  w_.current.reserve(images_ * image_floats());
  std::copy_n(one.w_.current.data(), image_floats(), image(n));
  std::copy_n(one.w_.sums[kCurrent].data(), 2 * shape_.pitch,
              sums(kCurrent, shape_.pitch) + n * 2 * shape_.pitch);
}

void FusedPlan::ImageGroup::stem(const float* planes, MapSize size) {
  const int64_t channels = plan_.topology_.spec.num_channels;
  const ImageShape in{size.height, size.width, channels, channels};
  float* pixels = w_.input.reserve(in.pixels() * channels);
  share_out(in.height, [&](int64_t row, int64_t row_end) {
    for (int64_t p = row * in.width; p < row_end * in.width; ++p) {
      for (int64_t c = 0; c < channels; ++c) pixels[p * channels + c] = planes[c * in.pixels() + p];
    }
  });
  const ImageShape made =
      convolve(*plan_.stem_, nullptr, pixels, in, kUnused, w_.inner[0], kUnused);
  const Windows windows = pool_windows(plan_.topology_.stem, {made.height, made.width});
  shape_ = {windows.out.height, windows.out.width, made.channels, made.pitch};
  const LayerTimer timer(call_.control.clock, kStemPool, 0);
  ops::max_pool(*ops::kernels(), {.in = made,
                                  .out = shape_,
                                  .pad_top = windows.pad_top,
                                  .pad_left = windows.pad_left,
                                  .x = w_.inner[0].data(),
                                  .out_pixels = w_.current.reserve(shape_.pixels() * shape_.pitch),
                                  .sums = sums(kCurrent, shape_.pitch),
                                  .row_begin = 0,
                                  .row_end = shape_.height});
}

void FusedPlan::ImageGroup::block(const Block& block) {
  const auto norm = [&](size_t i) { return &block.norms[i]; };
  const float* x = w_.current.data();
  ImageShape shortcut = shape_;
  if (block.downsample)
    shortcut = convolve(*block.downsample, norm(0), x, shape_, kCurrent, w_.next, kUnused);
  const ImageShape first =
      convolve(block.convs[0], norm(0), x, shape_, kCurrent, w_.inner[0], kInner);
  const ImageShape second =
      convolve(block.convs[1], norm(1), w_.inner[0].data(), first, kInner, w_.inner[1], kInner);
  check_residual(plan_.topology_.spec, *block.spec, {second.height, second.width},
                 {shortcut.height, shortcut.width});
  if (block.downsample) std::swap(w_.current, w_.next);
  // The shortcut is where the sum is to be.
  shape_ = convolve(block.convs[2], norm(2), w_.inner[1].data(), second, kInner, w_.current,
                    kCurrent, /*adds=*/true);
}

void FusedPlan::ImageGroup::normalise() {
  find_affine(*plan_.norm_, w_.current.data(), shape_, kCurrent);
  for (int64_t n = 0; n < images_; ++n) {
    const float* scale = w_.scale.data() + n * shape_.pitch;
    const float* shift = w_.shift.data() + n * shape_.pitch;
    for (int64_t p = 0; p < shape_.pixels(); ++p) {
      float* pixel = image(n) + p * shape_.pitch;
      for (int64_t c = 0; c < shape_.pitch; ++c) {
        const float v = pixel[c] * scale[c] + shift[c];
        pixel[c] = 0 > v ? 0 : v;
      }
    }
  }
}

void FusedPlan::ImageGroup::pool_to(int64_t n, float* means) const {
  std::fill_n(means, shape_.channels, 0.0F);
  for (int64_t p = 0; p < shape_.pixels(); ++p) {
    const float* pixel = image(n) + p * shape_.pitch;
    for (int64_t c = 0; c < shape_.channels; ++c) means[c] += pixel[c];
  }
  const float count = static_cast<float>(shape_.pixels());
  for (int64_t c = 0; c < shape_.channels; ++c) means[c] /= count;
}

void FusedPlan::ImageGroup::copy_to(int64_t n, float* planes) const {
  const int64_t pixels = shape_.pixels();
  for (int64_t c = 0; c < shape_.channels; ++c) {
    for (int64_t p = 0; p < pixels; ++p) planes[c * pixels + p] = image(n)[p * shape_.pitch + c];
  }
}

}  // namespace bigtransfer::model

// Each step leaves the image in the workspace, with the sums that the next norm needs.
#include "model/fused_image.h"

#include <algorithm>
#include <utility>

#include "ops/max_pool.h"

namespace bigtransfer::model {

using ops::ImageShape;

ImageShape FusedPlan::ImageRun::convolve(const Conv& conv, const ops::ChannelNorm* norm,
                                         const float* x, const ImageShape& in, Sums in_sums,
                                         const float* residual, AlignedBuffer& buffer,
                                         Sums out_sums) {
  const Windows windows = windows_of(*conv.spec, {in.height, in.width});
  const int64_t channels = conv.spec->out_channels;
  const ImageShape out{windows.out.height, windows.out.width, channels, pitch_of(channels)};
  const LayerTimer timer(clock_, conv.spec->name, multiply_adds(*conv.spec, windows.out));
  if (norm) {
    w_.scale.resize(static_cast<size_t>(in.pitch));
    w_.shift.resize(static_cast<size_t>(in.pitch));
    ops::group_affine(*norm, x, in, w_.sums[in_sums].data(), w_.scale.data(), w_.shift.data());
  }
  conv.packed.run({.in = in,
                   .out = out,
                   .kernel = conv.spec->kernel,
                   .stride = conv.spec->stride,
                   .dilation = conv.spec->dilation,
                   .pad_top = windows.pad_top,
                   .pad_left = windows.pad_left},
                  {.x = x,
                   .scale = norm ? w_.scale.data() : nullptr,
                   .shift = norm ? w_.shift.data() : nullptr,
                   .residual = residual,
                   .out = buffer.reserve(out.pixels() * out.pitch),
                   .sums = sums(out_sums, out.pitch)},
                  team_);
  return out;
}

void FusedPlan::ImageRun::stem(const float* planes, MapSize size) {
  const int64_t channels = plan_.topology_.spec.num_channels;
  const ImageShape in{size.height, size.width, channels, channels};
  float* pixels = w_.input.reserve(in.pixels() * channels);
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t p = 0; p < in.pixels(); ++p)
      pixels[p * channels + c] = planes[c * in.pixels() + p];
  }
  const ImageShape made =
      convolve(*plan_.stem_, nullptr, pixels, in, kUnused, nullptr, w_.inner[0], kUnused);
  const Windows windows = pool_windows(plan_.topology_.stem, {made.height, made.width});
  shape_ = {windows.out.height, windows.out.width, made.channels, made.pitch};
  const LayerTimer timer(clock_, kStemPool, 0);
  ops::max_pool(*ops::kernels(),
                {.in = made,
                 .out = shape_,
                 .pad_top = windows.pad_top,
                 .pad_left = windows.pad_left,
                 .x = w_.inner[0].data(),
                 .out_pixels = w_.current.reserve(shape_.pixels() * shape_.pitch),
                 .sums = sums(kCurrent, shape_.pitch),
                 .row_begin = 0,
                 .row_end = shape_.height},
                team_);
}

void FusedPlan::ImageRun::block(const Block& block) {
  const auto norm = [&](size_t i) { return &block.norms[i]; };
  const float* x = w_.current.data();
  const float* shortcut = x;
  ImageShape kept = shape_;
  if (block.downsample) {
    kept = convolve(*block.downsample, norm(0), x, shape_, kCurrent, nullptr, w_.shortcut, kUnused);
    shortcut = w_.shortcut.data();
  }
  const ImageShape first =
      convolve(block.convs[0], norm(0), x, shape_, kCurrent, nullptr, w_.inner[0], kInner);
  const ImageShape second = convolve(block.convs[1], norm(1), w_.inner[0].data(), first, kInner,
                                     nullptr, w_.inner[1], kInner);
  check_residual(plan_.topology_.spec, *block.spec, {second.height, second.width},
                 {kept.height, kept.width});
  shape_ = convolve(block.convs[2], norm(2), w_.inner[1].data(), second, kInner, shortcut, w_.next,
                    kCurrent);
  std::swap(w_.current, w_.next);
}

void FusedPlan::ImageRun::normalise() {
  w_.scale.resize(static_cast<size_t>(shape_.pitch));
  w_.shift.resize(static_cast<size_t>(shape_.pitch));
  float* image = w_.current.data();
  ops::group_affine(*plan_.norm_, image, shape_, w_.sums[kCurrent].data(), w_.scale.data(),
                    w_.shift.data());
  for (int64_t p = 0; p < shape_.pixels(); ++p) {
    float* pixel = image + p * shape_.pitch;
    for (int64_t c = 0; c < shape_.pitch; ++c) {
      const float v =
          pixel[c] * w_.scale[static_cast<size_t>(c)] + w_.shift[static_cast<size_t>(c)];
      pixel[c] = 0 > v ? 0 : v;
    }
  }
}

void FusedPlan::ImageRun::pool_to(float* means) const {
  std::fill_n(means, shape_.channels, 0.0F);
  const float* image = w_.current.data();
  for (int64_t p = 0; p < shape_.pixels(); ++p) {
    for (int64_t c = 0; c < shape_.channels; ++c) means[c] += image[p * shape_.pitch + c];
  }
  const float count = static_cast<float>(shape_.pixels());
  for (int64_t c = 0; c < shape_.channels; ++c) means[c] /= count;
}

void FusedPlan::ImageRun::copy_to(float* planes) const {
  const float* image = w_.current.data();
  const int64_t pixels = shape_.pixels();
  for (int64_t c = 0; c < shape_.channels; ++c) {
    for (int64_t p = 0; p < pixels; ++p) planes[c * pixels + p] = image[p * shape_.pitch + c];
  }
}

}  // namespace bigtransfer::model

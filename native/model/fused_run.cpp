// Takes images through a fused plan: several at once with a thread each, or one with all threads.
#include <ATen/Parallel.h>

#include <algorithm>
#include <utility>

#include "model/fused_plan.h"
#include "model/map_size.h"
#include "ops/max_pool.h"
#include "ops/parts.h"

namespace bigtransfer::model {
namespace {

using ops::ImageShape;

/// [pixel][channel] to [channel][pixel].
void to_planes(const float* image, const ImageShape& shape, float* planes) {
  const int64_t pixels = shape.pixels();
  for (int64_t c = 0; c < shape.channels; ++c) {
    for (int64_t p = 0; p < pixels; ++p) planes[c * pixels + p] = image[p * shape.pitch + c];
  }
}

at::Tensor empty_maps(int64_t images, int64_t channels, MapSize size) {
  return at::empty({images, channels, size.height, size.width}, at::kFloat);
}

}  // namespace

/// One image's way through the network: where it is now, how large, and its channels' sums.
class FusedPlan::ImageRun {
 public:
  ImageRun(const FusedPlan& plan, Workspace& workspace, LayerClock* clock)
      : plan_(plan), w_(workspace), clock_(clock) {}

  void stem(const float* planes, MapSize size);
  void block(const Block& block);

  const ImageShape& shape() const { return shape_; }
  /// Writes [C, H, W].
  void copy_to(float* planes) const { to_planes(w_.current.data(), shape_, planes); }
  /// Replaces the image with its norm and activation.
  void normalise();
  /// Writes the mean of every channel.
  void pool_to(float* means) const;

 private:
  enum Sums { kCurrent, kInner, kUnused };

  /// An image of `conv`'s output in `buffer`, from `x` with `norm` before it.
  ImageShape convolve(const Conv& conv, const ops::ChannelNorm* norm, const float* x,
                      const ImageShape& in, Sums in_sums, const float* residual,
                      AlignedBuffer& buffer, Sums out_sums);
  double* sums(Sums which, int64_t pitch) {
    std::vector<double>& values = w_.sums[which];
    values.resize(static_cast<size_t>(2 * pitch));
    return values.data();
  }

  const FusedPlan& plan_;
  Workspace& w_;
  LayerClock* clock_;
  ImageShape shape_{};
};

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
                   .sums = sums(out_sums, out.pitch)});
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

std::unique_ptr<FusedPlan::Workspace> FusedPlan::take_workspace() const {
  const std::lock_guard lock(mutex_);
  if (workspaces_.empty()) return std::make_unique<Workspace>();
  std::unique_ptr<Workspace> workspace = std::move(workspaces_.back());
  workspaces_.pop_back();
  return workspace;
}

void FusedPlan::give_back(std::unique_ptr<Workspace> workspace) const {
  const std::lock_guard lock(mutex_);
  workspaces_.push_back(std::move(workspace));
}

FusedPlan::Outputs FusedPlan::allocate(const RunRequest& request) const {
  const at::Tensor& x = request.pixel_values;
  const int64_t images = x.size(0);
  Outputs outputs;
  MapSize size = windows_of(topology_.stem.conv, {x.size(2), x.size(3)}).out;
  size = pool_windows(topology_.stem, size).out;
  int64_t channels = topology_.stem.conv.out_channels;
  for (size_t index = 0; index <= stages_needed(topology_, request); ++index) {
    if (index > 0) {
      for (const BlockSpec& block : topology_.stages[index - 1].blocks) {
        const MapSize in = size;
        for (const ConvSpec& conv : block.convs) size = windows_of(conv, size).out;
        check_residual(topology_.spec, block, size,
                       block.downsample ? windows_of(*block.downsample, in).out : in);
        channels = block.convs[2].out_channels;
      }
    }
    if (request.hidden_states)
      outputs.result.hidden_states.push_back(empty_maps(images, channels, size));
    if (std::ranges::count(request.feature_maps, static_cast<int64_t>(index)) > 0)
      outputs.result.feature_maps.push_back(empty_maps(images, channels, size));
  }
  if (request.head) {
    outputs.pooled = at::empty({images, channels}, at::kFloat);
    if (!topology_.head) outputs.result.last_hidden_state = empty_maps(images, channels, size);
  }
  return outputs;
}

void FusedPlan::run_image(int64_t n, const at::Tensor& pixels, const RunRequest& request,
                          const std::function<void()>& between, Outputs& outputs) const {
  const auto image_of = [n](const at::Tensor& batch) {
    return batch.mutable_data_ptr<float>() + n * (batch.numel() / batch.size(0));
  };
  std::unique_ptr<Workspace> workspace = take_workspace();
  ImageRun image(*this, *workspace, request.clock);
  between();
  image.stem(pixels.const_data_ptr<float>() + n * (pixels.numel() / pixels.size(0)),
             {pixels.size(2), pixels.size(3)});
  size_t map = 0;
  for (size_t index = 0; index <= stages_needed(topology_, request); ++index) {
    if (index > 0) {
      for (const Block& block : stages_[index - 1]) {
        between();
        image.block(block);
      }
    }
    if (request.hidden_states) image.copy_to(image_of(outputs.result.hidden_states[index]));
    if (std::ranges::count(request.feature_maps, static_cast<int64_t>(index)) > 0)
      image.copy_to(image_of(outputs.result.feature_maps[map++]));
  }
  if (request.head) {
    const LayerTimer timer(request.clock, kHead, 0);
    image.normalise();
    image.pool_to(image_of(outputs.pooled));
    if (outputs.result.last_hidden_state.defined())
      image.copy_to(image_of(outputs.result.last_hidden_state));
  }
  give_back(std::move(workspace));
}

RunResult FusedPlan::run(const RunRequest& request, const std::function<void()>& between) const {
  check_input(topology_.spec, request.pixel_values);
  Outputs outputs = allocate(request);
  const at::Tensor pixels = request.pixel_values.to(at::kFloat).contiguous();
  const int64_t images = pixels.size(0);
  const auto one = [&](int64_t n) { run_image(n, pixels, request, between, outputs); };
  // An image per thread needs no waiting for one another, and stays in its core's own cache; what
  // is left over has all threads.
  const int64_t threads = ops::threads_here();
  const int64_t side_by_side = threads > 1 && !request.clock ? images / threads * threads : 0;
  at::parallel_for(0, side_by_side, 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) one(n);
  });
  for (int64_t n = side_by_side; n < images; ++n) one(n);

  RunResult result = std::move(outputs.result);
  if (!request.head) return result;
  if (!topology_.head) {
    result.pooler_output = outputs.pooled.view({images, -1, 1, 1});
  } else {
    const LayerTimer timer(request.clock, kHead, 0);
    result.logits = head_weight_.defined() ? at::linear(outputs.pooled, head_weight_, head_bias_)
                                           : outputs.pooled;
  }
  return result;
}

}  // namespace bigtransfer::model

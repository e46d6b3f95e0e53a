// Pieces are some output channels of the sum over some images.
#include "ops/weight_gradient.h"

#include <algorithm>

#include "common/recycled_memory.h"
#include "common/share_out.h"
#include "ops/cut.h"

namespace bigtransfer::ops {
namespace {

/// Output channels of a piece at most: each piece reads the input anew.
constexpr int64_t kMostChannels = 128;
/// Sums over images by themselves, where the output has few channels to share out: so many pieces
/// are wanted, and that is what their sums may take.
constexpr int64_t kPieces = 16;
constexpr int64_t kMostFloats = int64_t{1} << 20;

/// Adds to the first of the sums all others.
void add_up(at::Tensor& sums, int64_t parts) {
  const int64_t size = sums[0].numel();
  float* to = sums.mutable_data_ptr<float>();
  constexpr int64_t kChunk = 1 << 14;
  share_out((size + kChunk - 1) / kChunk, [&](int64_t begin, int64_t end) {
    const int64_t last = std::min(end * kChunk, size);
    for (int64_t part = 1; part < parts; ++part) {
      for (int64_t i = begin * kChunk; i < last; ++i) to[i] += to[part * size + i];
    }
  });
}

}  // namespace

at::Tensor weight_gradient(const Kernels& kernels, at::ScalarType type, const ConvGeometry& g,
                           const WeightGradientRun& run) {
  const int64_t taps = g.kernel * g.kernel;
  const int64_t size = taps * g.out.channels * g.in.channels;
  const int64_t chunks = (g.out.channels + kMostChannels - 1) / kMostChannels;
  const int64_t panels = g.out.channels / kernels.panel;
  const int64_t parts =
      std::clamp<int64_t>(std::min(kPieces / chunks, kMostFloats / size), 1, run.images);
  at::Tensor sums = empty_recycled({parts, taps, g.out.channels, g.in.channels}, at::kFloat);
  const auto kernel =
      kernels.of(type == at::kBFloat16 ? ConvType::kBFloat16 : ConvType::kFloat32).weight_gradient;
  float* to = sums.mutable_data_ptr<float>();
  share_out(parts * chunks, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t part = piece / chunks;
      const int64_t chunk = piece % chunks;
      kernel({.geometry = &g,
              .x = run.x,
              .scale = run.scale,
              .shift = run.shift,
              .gradient = run.gradient,
              .image_begin = cut(run.images, part, parts),
              .image_end = cut(run.images, part + 1, parts),
              .channel_begin = cut(panels, chunk, chunks) * kernels.panel,
              .channel_end = cut(panels, chunk + 1, chunks) * kernels.panel,
              .sums = to + part * size});
    }
  });
  add_up(sums, parts);
  return sums[0];
}

}  // namespace bigtransfer::ops

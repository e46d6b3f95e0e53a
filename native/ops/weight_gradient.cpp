// Pieces are some output channels of the sum over part of a group.
#include "ops/weight_gradient.h"

#include <algorithm>

#include "common/recycled_memory.h"
#include "common/share_out.h"
#include "ops/cut.h"

namespace bigtransfer::ops {
namespace {

/// Output channels of a piece at most: each piece reads the input anew.
constexpr int64_t kMostChannels = 128;
/// Parts of a group with sums of their own, where the output has few channels to share out: so many
/// pieces are wanted, and that is what their sums may take.
constexpr int64_t kPieces = 16;
constexpr int64_t kMostFloats = int64_t{1} << 20;

}  // namespace

WeightGradientSums::WeightGradientSums(const Kernels& kernels, at::ScalarType type,
                                       const ConvGeometry& geometry)
    : kernels_(kernels.of(type == at::kBFloat16 ? ConvType::kBFloat16 : ConvType::kFloat32)),
      geometry_(geometry),
      panel_(kernels.panel),
      size_(geometry.kernel * geometry.kernel * geometry.out.channels * geometry.in.channels),
      chunks_((geometry.out.channels + kMostChannels - 1) / kMostChannels) {}

void WeightGradientSums::add(const WeightGradientRun& run) {
  const GradientUnits units = kernels_.gradient_units(geometry_);
  const int64_t all = run.images * units.of_image;
  const bool adds = sums_.defined();
  if (!adds) {
    const int64_t parts = std::clamp<int64_t>(
        std::min({kPieces / chunks_, kMostFloats / size_, all / units.least}), 1, all);
    const auto& g = geometry_;
    sums_ = empty_recycled({parts, g.kernel * g.kernel, g.out.channels, g.in.channels}, at::kFloat);
  }
  const int64_t parts = sums_.size(0);
  const int64_t panels = geometry_.out.channels / panel_;
  float* to = sums_.mutable_data_ptr<float>();
  share_out(parts * chunks_, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t part = piece / chunks_;
      const int64_t chunk = piece % chunks_;
      kernels_.weight_gradient({.geometry = &geometry_,
                                .x = run.x,
                                .scale = run.scale,
                                .shift = run.shift,
                                .gradient = run.gradient,
                                .unit_begin = cut(all, part, parts),
                                .unit_end = cut(all, part + 1, parts),
                                .channel_begin = cut(panels, chunk, chunks_) * panel_,
                                .channel_end = cut(panels, chunk + 1, chunks_) * panel_,
                                .adds = adds,
                                .sums = to + part * size_});
    }
  });
}

at::Tensor WeightGradientSums::total() {
  const int64_t parts = sums_.size(0);
  float* to = sums_.mutable_data_ptr<float>();
  constexpr int64_t kChunk = 1 << 14;
  share_out((size_ + kChunk - 1) / kChunk, [&](int64_t begin, int64_t end) {
    const int64_t last = std::min(end * kChunk, size_);
    for (int64_t part = 1; part < parts; ++part) {
      for (int64_t i = begin * kChunk; i < last; ++i) to[i] += to[part * size_ + i];
    }
  });
  return sums_[0];
}

}  // namespace bigtransfer::ops

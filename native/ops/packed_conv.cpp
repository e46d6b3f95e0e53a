// Packs once; divides each run among threads.
#include "ops/packed_conv.h"

#include <algorithm>
#include <array>
#include <vector>

#include "ops/parts.h"

namespace bigtransfer::ops {
namespace {

/// A thread gets at least so many pixels or tiles; with fewer, threads share out the channels, and
/// each reads only its share of the weights.
constexpr int64_t kLeastUnits = 40;
/// Waiting for a thread takes as long as some of these; for less, one thread works alone.
constexpr int64_t kLeastMultiplyAdds = 1 << 17;

bool is_winograd(ConvAlgorithm algorithm) {
  return algorithm == ConvAlgorithm::kWinograd2 || algorithm == ConvAlgorithm::kWinograd4;
}

int64_t multiply_adds(const ConvGeometry& g) {
  return g.out.pixels() * g.out.channels * g.in.channels * g.kernel * g.kernel;
}

/// Threads that are worth waiting for.
int64_t useful_threads(int64_t multiply_adds, int64_t threads) {
  return std::clamp<int64_t>(multiply_adds / kLeastMultiplyAdds, 1, threads);
}

/// With `sums` of `cuts` parts of each image.
std::array<ConvImage, kMostConvImages> images_of(const ConvGeometry& g, const ConvRun& run,
                                                 int64_t cuts, double* sums) {
  std::array<ConvImage, kMostConvImages> images{};
  for (int64_t i = 0; i < run.images; ++i) {
    images[static_cast<size_t>(i)] = {.x = run.x + i * g.in.pixels() * g.in.pitch,
                                      .scale = run.scale ? run.scale + i * g.in.pitch : nullptr,
                                      .shift = run.scale ? run.shift + i * g.in.pitch : nullptr,
                                      .out = run.out + i * g.out.pixels() * g.out.pitch,
                                      .sums = sums + i * cuts * 2 * g.out.pitch};
  }
  return images;
}

WinogradSize tile_size(ConvAlgorithm algorithm) {
  return {algorithm == ConvAlgorithm::kWinograd2 ? 2 : 4};
}

}  // namespace

PackedConv::PackedConv(const at::Tensor& weight, ConvAlgorithm algorithm, PackedType type,
                       const Kernels& kernels, Arena& arena)
    : kernels_(type == PackedType::kFloat32 ? &kernels.float32 : &kernels.bfloat16),
      algorithm_(algorithm),
      panels_((weight.size(0) + kernels.panel - 1) / kernels.panel) {
  const at::Tensor values = weight.contiguous();
  const RawWeight raw{values.const_data_ptr<float>(), values.size(0), values.size(1),
                      values.size(2)};
  const PackedForm form{kernels.panel, type};
  if (is_winograd(algorithm)) {
    const WinogradSize size = tile_size(algorithm);
    weights_ = arena.allocate(packed_winograd_size(raw, size, form));
    pack_winograd(raw, size, form, weights_);
  } else {
    weights_ = arena.allocate(packed_direct_size(raw, form));
    pack_direct(raw, form, weights_);
  }
}

int64_t PackedConv::units(const ConvGeometry& geometry) const {
  if (algorithm_ == ConvAlgorithm::kPointwise) return geometry.out.pixels();
  if (algorithm_ == ConvAlgorithm::kSpatial) return geometry.out.height;
  const int64_t tile = tile_size(algorithm_).tile;
  return ((geometry.out.height + tile - 1) / tile) * ((geometry.out.width + tile - 1) / tile);
}

void PackedConv::run_part(const ConvTask& task) const {
  switch (algorithm_) {
    case ConvAlgorithm::kPointwise:
      return kernels_->pointwise(task);
    case ConvAlgorithm::kSpatial:
      return kernels_->spatial(task);
    case ConvAlgorithm::kWinograd2:
      return kernels_->winograd2(task);
    case ConvAlgorithm::kWinograd4:
      return kernels_->winograd4(task);
  }
}

int64_t PackedConv::cuts(const ConvGeometry& geometry, int64_t team) const {
  const int64_t count = units(geometry);
  const int64_t threads = useful_threads(multiply_adds(geometry), team);
  // A row of pixels counts as its pixels.
  const int64_t weight = algorithm_ == ConvAlgorithm::kSpatial ? geometry.out.width : 1;
  return std::clamp<int64_t>(count * weight / kLeastUnits, 1, std::min(threads, count));
}

void PackedConv::run(const ConvGeometry& geometry, const ConvRun& run, int64_t team) const {
  const int64_t cuts = this->cuts(geometry, team);
  const int64_t parts = run.images * cuts;
  const int64_t threads =
      useful_threads(run.images * multiply_adds(geometry), std::min(team, threads_here()));
  const int64_t by_parts = std::min(threads, parts);
  const int64_t by_panels = std::clamp<int64_t>(threads / by_parts, 1, panels_);
  const int64_t size = 2 * geometry.out.pitch;
  std::vector<double> of_parts(static_cast<size_t>(parts * size), 0.0);
  const auto images = images_of(geometry, run, cuts, of_parts.data());
  at::parallel_for(0, by_parts * by_panels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t u = i / by_panels;
      const int64_t p = i % by_panels;
      run_part({.geometry = &geometry,
                .images = images.data(),
                .weights = weights_,
                .cuts = cuts,
                .part_begin = cut(parts, u, by_parts),
                .part_end = cut(parts, u + 1, by_parts),
                .panel_begin = cut(panels_, p, by_panels),
                .panel_end = cut(panels_, p + 1, by_panels),
                .adds = run.adds});
    }
  });
  for (int64_t image = 0; image < run.images; ++image)
    add_parts(of_parts.data() + image * cuts * size, cuts, size, run.sums + image * size);
}

}  // namespace bigtransfer::ops

// Packs once; divides each run among threads.
#include "ops/packed_conv.h"

#include <algorithm>

#include "ops/parts.h"

namespace bigtransfer::ops {
namespace {

/// A thread gets at least so many pixels or tiles; with fewer, threads share out the channels.
constexpr int64_t kLeastUnits = 24;
/// Waiting for a thread takes as long as some of these; for less, one thread works alone.
constexpr int64_t kLeastMultiplyAdds = 1 << 17;

bool is_winograd(ConvAlgorithm algorithm) {
  return algorithm == ConvAlgorithm::kWinograd2 || algorithm == ConvAlgorithm::kWinograd4;
}

int64_t multiply_adds(const ConvGeometry& g) {
  return g.out.pixels() * g.out.channels * g.in.channels * g.kernel * g.kernel;
}

WinogradSize tile_size(ConvAlgorithm algorithm) {
  return {algorithm == ConvAlgorithm::kWinograd2 ? 2 : 4};
}

}  // namespace

PackedConv::PackedConv(const at::Tensor& weight, ConvAlgorithm algorithm, PackedType type,
                       const Kernels& kernels)
    : kernels_(type == PackedType::kFloat32 ? &kernels.float32 : &kernels.bfloat16),
      algorithm_(algorithm),
      panels_((weight.size(0) + kernels.panel - 1) / kernels.panel) {
  const at::Tensor values = weight.contiguous();
  const RawWeight raw{values.const_data_ptr<float>(), values.size(0), values.size(1),
                      values.size(2)};
  const PackedForm form{kernels.panel, type};
  if (is_winograd(algorithm)) {
    const WinogradSize size = tile_size(algorithm);
    pack_winograd(raw, size, form, weights_.reserve(packed_winograd_size(raw, size, form)));
  } else {
    pack_direct(raw, form, weights_.reserve(packed_direct_size(raw, form)));
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

void PackedConv::run(const ConvGeometry& geometry, const ConvRun& run, int64_t team) const {
  const int64_t count = units(geometry);
  const int64_t threads =
      std::clamp<int64_t>(multiply_adds(geometry) / kLeastMultiplyAdds, 1, team);
  // A row of pixels counts as its pixels.
  const int64_t weight = algorithm_ == ConvAlgorithm::kSpatial ? geometry.out.width : 1;
  const int64_t by_units =
      std::clamp<int64_t>(count * weight / kLeastUnits, 1, std::min(threads, count));
  // Parts of other channels add to other sums, so that their number matters to no bit.
  const int64_t by_panels =
      std::clamp<int64_t>(std::min(threads, threads_here()) / by_units, 1, panels_);
  sum_parts(by_units * by_panels, run.sums, 2 * geometry.out.pitch,
            [&](int64_t part, double* sums) {
              const int64_t u = part / by_panels;
              const int64_t p = part % by_panels;
              run_part({.geometry = &geometry,
                        .x = run.x,
                        .scale = run.scale,
                        .shift = run.shift,
                        .weights = weights_.data(),
                        .residual = run.residual,
                        .out = run.out,
                        .sums = sums,
                        .unit_begin = cut(count, u, by_units),
                        .unit_end = cut(count, u + 1, by_units),
                        .panel_begin = cut(panels_, p, by_panels),
                        .panel_end = cut(panels_, p + 1, by_panels)});
            });
}

}  // namespace bigtransfer::ops

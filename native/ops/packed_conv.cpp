// Packs once; divides each run among threads.
#include "ops/packed_conv.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "ops/pack_weights.h"

namespace bigtransfer::ops {
namespace {

/// A thread gets at least so many pixels or tiles; with fewer, threads share out the channels.
constexpr int64_t kLeastUnits = 24;

bool is_winograd(ConvAlgorithm algorithm) {
  return algorithm == ConvAlgorithm::kWinograd2 || algorithm == ConvAlgorithm::kWinograd4;
}

WinogradSize tile_size(ConvAlgorithm algorithm) {
  return {algorithm == ConvAlgorithm::kWinograd2 ? 2 : 4};
}

/// The i-th of n nearly equal parts of 0..total begins here.
int64_t cut(int64_t total, int64_t i, int64_t n) { return total * i / n; }

}  // namespace

int64_t threads_here() { return at::in_parallel_region() ? 1 : at::get_num_threads(); }

PackedConv::PackedConv(const at::Tensor& weight, ConvAlgorithm algorithm)
    : algorithm_(algorithm), panels_(0) {
  const at::Tensor values = weight.contiguous();
  const RawWeight raw{values.const_data_ptr<float>(), values.size(0), values.size(1),
                      values.size(2)};
  const int64_t panel = kernels()->panel;
  panels_ = (raw.out + panel - 1) / panel;
  if (is_winograd(algorithm)) {
    const WinogradSize size = tile_size(algorithm);
    pack_winograd(raw, size, panel, weights_.reserve(packed_winograd_size(raw, size, panel)));
  } else {
    pack_direct(raw, panel, weights_.reserve(packed_direct_size(raw, panel)));
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
      return kernels()->pointwise(task);
    case ConvAlgorithm::kSpatial:
      return kernels()->spatial(task);
    case ConvAlgorithm::kWinograd2:
      return kernels()->winograd2(task);
    case ConvAlgorithm::kWinograd4:
      return kernels()->winograd4(task);
  }
}

void PackedConv::run(const ConvGeometry& geometry, const ConvRun& run) const {
  const int64_t count = units(geometry);
  const int64_t sums_size = 2 * geometry.out.pitch;
  std::fill_n(run.sums, sums_size, 0.0);
  ConvTask whole{.geometry = &geometry,
                 .x = run.x,
                 .scale = run.scale,
                 .shift = run.shift,
                 .weights = weights_.data(),
                 .residual = run.residual,
                 .out = run.out,
                 .sums = run.sums,
                 .unit_begin = 0,
                 .unit_end = count,
                 .panel_begin = 0,
                 .panel_end = panels_};
  const int64_t threads = threads_here();
  if (threads == 1) return run_part(whole);

  // A row of pixels counts as its pixels.
  const int64_t weight = algorithm_ == ConvAlgorithm::kSpatial ? geometry.out.width : 1;
  const int64_t by_units =
      std::clamp<int64_t>(count * weight / kLeastUnits, 1, std::min(threads, count));
  const int64_t by_panels = std::clamp<int64_t>(threads / by_units, 1, panels_);
  // Parts that make the same channels must not add to the same sums.
  std::vector<double> sums(static_cast<size_t>(by_units * sums_size), 0.0);
  at::parallel_for(0, by_units * by_panels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t u = part / by_panels;
      const int64_t p = part % by_panels;
      ConvTask task = whole;
      task.sums = sums.data() + u * sums_size;
      task.unit_begin = cut(count, u, by_units);
      task.unit_end = cut(count, u + 1, by_units);
      task.panel_begin = cut(panels_, p, by_panels);
      task.panel_end = cut(panels_, p + 1, by_panels);
      run_part(task);
    }
  });
  for (int64_t u = 0; u < by_units; ++u) {
    for (int64_t i = 0; i < sums_size; ++i)
      run.sums[i] += sums[static_cast<size_t>(u * sums_size + i)];
  }
}

}  // namespace bigtransfer::ops

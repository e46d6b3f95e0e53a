// Packs once; cuts each run into pieces for whoever is free.
#include "ops/packed_conv.h"

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <optional>
#include <utility>

#include "ops/parts.h"

namespace bigtransfer::ops {
namespace {

/// Pixels or tiles of a part at least, and parts of an image at most. A power of two of parts falls
/// evenly to most teams.
constexpr int64_t kLeastPixels = 96;
constexpr int64_t kLeastTiles = 40;
constexpr int64_t kMostParts = 16;
/// Pieces for each thread where the cores are shared, so that one that comes late, or is taken
/// away, holds back little. Each prepares its input again where it has some of the channels alone:
/// that pays for 1x1 kernels. Where they are not, each thread has one.
constexpr int64_t kPieces = 4;
/// Multiply-adds of a piece: sharing one out takes as long as some of these.
constexpr int64_t kLeastMultiplyAdds = 1 << 17;

bool is_winograd(ConvAlgorithm algorithm) {
  return algorithm == ConvAlgorithm::kWinograd2 || algorithm == ConvAlgorithm::kWinograd4;
}

int64_t multiply_adds(const ConvGeometry& g) {
  return g.out.pixels() * g.out.channels * g.in.channels * g.kernel * g.kernel;
}

/// With `sums` of `cuts` parts of each image.
std::array<ConvImage, kMostConvImages> images_of(const ConvGeometry& g, const ConvRun& run,
                                                 int64_t cuts, double* sums) {
  std::array<ConvImage, kMostConvImages> images{};
  for (int64_t i = 0; i < run.images; ++i) {
    images[static_cast<size_t>(i)] = {
        .x = run.x + i * g.in.pixels() * g.in.pitch,
        .scale = run.scale ? run.scale + i * g.in.pitch : nullptr,
        .shift = run.scale ? run.shift + i * g.in.pitch : nullptr,
        .addend = run.addend ? run.addend + i * g.out.pixels() * g.out.pitch : nullptr,
        .out = run.out + i * g.out.pixels() * g.out.pitch,
        .sums = sums + i * cuts * 2 * g.out.pitch};
  }
  return images;
}

constexpr std::pair<at::ScalarType, ConvType> kTypes[] = {{at::kFloat, ConvType::kFloat32},
                                                          {at::kBFloat16, ConvType::kBFloat16}};

/// Nothing for types that no kernel multiplies.
std::optional<ConvType> conv_type(at::ScalarType type) {
  for (const auto& [each, known] : kTypes) {
    if (each == type) return known;
  }
  return std::nullopt;
}

WinogradSize tile_size(ConvAlgorithm algorithm) {
  return {algorithm == ConvAlgorithm::kWinograd2 ? 2 : 4};
}

/// Of a contiguous tensor.
RawWeight raw_of(const at::Tensor& weight) {
  return {weight.const_data_ptr<float>(),
          weight.size(0),
          weight.size(1),
          weight.size(2),
          nullptr,
          /*transposed=*/false};
}

ConvKernels::Function function_of(const ConvKernels& kernels, ConvAlgorithm algorithm) {
  switch (algorithm) {
    case ConvAlgorithm::kPointwise:
      return kernels.pointwise;
    case ConvAlgorithm::kSpatial:
      return kernels.spatial;
    case ConvAlgorithm::kWinograd2:
      return kernels.winograd2;
    case ConvAlgorithm::kWinograd4:
      return kernels.winograd4;
  }
  return nullptr;
}

}  // namespace

bool multiplies(at::ScalarType type, ConvAlgorithm algorithm) {
  const std::optional<ConvType> known = conv_type(type);
  return kernels() != nullptr && known && function_of(kernels()->of(*known), algorithm) != nullptr;
}

at::ScalarType fastest_factors() {
  for (const auto& [type, known] : kTypes) {
    if (kernels() != nullptr && kernels()->fastest == known) return type;
  }
  return at::kFloat;
}

PackedConv::PackedConv(const at::Tensor& weight, ConvAlgorithm algorithm, at::ScalarType type,
                       const Kernels& kernels, Arena& arena)
    // The copy of a view lives until the weights are packed.
    : PackedConv(raw_of(weight.contiguous()), algorithm, type, kernels,
                 arena.allocate(packed_size(raw_of(weight), algorithm, type, kernels))) {}

PackedConv::PackedConv(const RawWeight& weight, ConvAlgorithm algorithm, at::ScalarType type,
                       const Kernels& kernels, float* memory)
    : algorithm_(algorithm),
      panels_((weight.made() + kernels.panel - 1) / kernels.panel),
      weights_(memory) {
  const ConvKernels& convolutions = kernels.of(conv_type(type).value());
  kernel_ = function_of(convolutions, algorithm);
  const PackedForm form{kernels.panel, convolutions.packing, kernels.packing};
  if (is_winograd(algorithm)) {
    pack_winograd(weight, tile_size(algorithm), form, weights_);
  } else {
    pack_direct(weight, form, weights_);
  }
}

int64_t PackedConv::packed_size(const RawWeight& weight, ConvAlgorithm algorithm,
                                at::ScalarType type, const Kernels& kernels) {
  const PackedForm form{kernels.panel, kernels.of(conv_type(type).value()).packing,
                        kernels.packing};
  return is_winograd(algorithm) ? packed_winograd_size(weight, tile_size(algorithm), form)
                                : packed_direct_size(weight, form);
}

int64_t PackedConv::units(const ConvGeometry& geometry) const {
  if (algorithm_ == ConvAlgorithm::kPointwise) return geometry.out.pixels();
  if (algorithm_ == ConvAlgorithm::kSpatial) return geometry.out.height;
  const int64_t tile = tile_size(algorithm_).tile;
  return ((geometry.out.height + tile - 1) / tile) * ((geometry.out.width + tile - 1) / tile);
}

void PackedConv::clear_sums(const ConvTask& task, double* of_parts) const {
  const int64_t pitch = task.geometry->out.pitch;
  const int64_t panel = pitch / panels_;
  const int64_t channels = (task.panel_end - task.panel_begin) * panel;
  // Sums and sums of squares.
  for (int64_t row = 2 * task.part_begin; row < 2 * task.part_end; ++row)
    std::fill_n(of_parts + row * pitch + task.panel_begin * panel, channels, 0.0);
}

int64_t PackedConv::cuts(const ConvGeometry& geometry) const {
  const int64_t count = units(geometry);
  // A row of pixels counts as its pixels.
  const int64_t weight = algorithm_ == ConvAlgorithm::kSpatial ? geometry.out.width : 1;
  const int64_t least = is_winograd(algorithm_) ? kLeastTiles : kLeastPixels;
  const int64_t most = std::clamp<int64_t>(count * weight / least, 1, std::min(kMostParts, count));
  return static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(most)));
}

void PackedConv::run(const ConvGeometry& geometry, const ConvRun& run) const {
  const int64_t cuts = this->cuts(geometry);
  const int64_t size = 2 * geometry.out.pitch;
  const int64_t parts = run.images * cuts;
  const auto of_parts = std::make_unique_for_overwrite<double[]>(static_cast<size_t>(parts * size));
  const auto images = images_of(geometry, run, cuts, of_parts.get());
  const PieceGrid grid = piece_grid(parts, run.images * multiply_adds(geometry));
  share_out(grid.rows * grid.columns, [&](int64_t begin, int64_t end) {
    grid.each_block(begin, end, [&](const PieceGrid::Block& block) {
      const ConvTask task{.geometry = &geometry,
                          .images = images.data(),
                          .weights = weights_,
                          .cuts = cuts,
                          .part_begin = cut(parts, block.row_begin, grid.rows),
                          .part_end = cut(parts, block.row_end, grid.rows),
                          .panel_begin = cut(panels_, block.column_begin, grid.columns),
                          .panel_end = cut(panels_, block.column_end, grid.columns)};
      clear_sums(task, of_parts.get());
      kernel_(task);
    });
  });
  for (int64_t image = 0; image < run.images; ++image)
    add_parts(of_parts.get() + image * cuts * size, cuts, size, run.sums + image * size);
}

PieceGrid PackedConv::piece_grid(int64_t parts, int64_t multiply_adds) const {
  const int64_t threads = team_width();
  if (threads == 1) return {1, 1};
  const int64_t pieces = cores_are_shared() ? kPieces : 1;
  const int64_t most = std::clamp<int64_t>(multiply_adds / kLeastMultiplyAdds, 1, pieces * threads);
  const int64_t rows = std::min(parts, most);
  // The input of a 1x1 kernel is soon prepared again.
  const int64_t wanted = algorithm_ == ConvAlgorithm::kPointwise ? most : std::min(most, threads);
  return {rows, std::clamp<int64_t>(wanted / rows, 1, panels_)};
}

}  // namespace bigtransfer::ops

// Packs the weights at load; fused_run.cpp runs them.
#include "model/fused_plan.h"

#include <algorithm>

namespace bigtransfer::model {
namespace {

using ops::ConvAlgorithm;

/// Winograd's larger tiles need four times the weights: worth it while the maps are large, and the
/// smaller ones while there are tiles enough. Found by timing each layer of R50x1 at 224 pixels.
/// The larger ones also lose three times as much, which all that follows magnifies: the first stage
/// does without them.
constexpr int64_t kStrideForTilesOf4 = 8;
constexpr int64_t kMostStrideForTilesOf2 = 16;

ConvAlgorithm choose_algorithm(const ConvSpec& spec, int64_t stride, at::ScalarType type) {
  if (spec.kernel == 1 && spec.padding == 0) return ConvAlgorithm::kPointwise;
  const bool fits_winograd = spec.kernel == 3 && spec.stride == 1 && spec.dilation == 1;
  if (fits_winograd && stride == kStrideForTilesOf4 &&
      ops::multiplies(type, ConvAlgorithm::kWinograd4))
    return ConvAlgorithm::kWinograd4;
  if (fits_winograd && stride <= kMostStrideForTilesOf2) return ConvAlgorithm::kWinograd2;
  return ConvAlgorithm::kSpatial;
}

}  // namespace

int64_t FusedPlan::pitch_of(int64_t channels) {
  const int64_t panel = ops::kernels()->panel;
  return (channels + panel - 1) / panel * panel;
}

bool FusedPlan::serves(const Topology& topology, at::ScalarType dtype) {
  return ops::multiplies(dtype, ConvAlgorithm::kSpatial) &&
         topology.spec.layer_type == LayerType::kPreactivation &&
         topology.spec.hidden_act == "relu";
}

FusedPlan::FusedPlan(Topology topology, const Weights& weights, at::ScalarType dtype)
    : topology_(std::move(topology)) {
  // The largest kernels first: a kernel is in memory twice while it is packed, and that should not
  // come on top of all the others.
  if (topology_.head && topology_.head->out_features > 0) {
    const std::string& name = topology_.head->name;
    head_.emplace(weights.lend(name + ".weight").read(), weights.copy(name + ".bias"),
                  *ops::kernels(), arena_);
  }
  norm_ = make_norm(*topology_.norm, weights);
  int64_t stride = topology_.stem.conv.stride * 2;
  for (const StageSpec& stage : topology_.stages) {
    for (const BlockSpec& block : stage.blocks) stride *= block.convs[1].stride;
  }
  stages_.resize(topology_.stages.size());
  for (size_t i = stages_.size(); i-- > 0;) {
    const std::vector<BlockSpec>& specs = topology_.stages[i].blocks;
    for (auto spec = specs.rbegin(); spec != specs.rend(); ++spec) {
      stride /= spec->convs[1].stride;
      const bool is_first = i == 0 && &*spec == &specs.front();
      stages_[i].push_back(make_block(*spec, stride, is_first ? at::kFloat : dtype, weights));
    }
    std::reverse(stages_[i].begin(), stages_[i].end());
  }
  stem_ = make_conv(topology_.stem.conv, 1, at::kFloat, weights);
}

int64_t FusedPlan::bytes() const {
  int64_t floats = arena_.size();
  const std::lock_guard lock(mutex_);
  for (const auto& each : workspaces_) floats += each->alone.size() + each->together.size();
  return floats * static_cast<int64_t>(sizeof(float));
}

FusedPlan::Conv FusedPlan::make_conv(const ConvSpec& spec, int64_t stride, at::ScalarType type,
                                     const Weights& weights) {
  const LentTensor weight = weights.lend(spec.name + ".weight");
  return {&spec, ops::PackedConv(weight.read(), choose_algorithm(spec, stride, type), type,
                                 *ops::kernels(), arena_)};
}

ops::ChannelNorm FusedPlan::make_norm(const NormSpec& spec, const Weights& weights) const {
  return {weights.copy(spec.name + ".weight"), weights.copy(spec.name + ".bias"),
          topology_.spec.num_groups, pitch_of(spec.channels)};
}

FusedPlan::Block FusedPlan::make_block(const BlockSpec& spec, int64_t stride, at::ScalarType type,
                                       const Weights& weights) {
  const auto conv = [&](size_t i) { return make_conv(spec.convs[i], stride, type, weights); };
  const auto norm = [&](size_t i) { return make_norm(spec.norms[i], weights); };
  Block block{&spec, {conv(0), conv(1), conv(2)}, {norm(0), norm(1), norm(2)}, {}};
  if (spec.downsample) block.downsample = make_conv(*spec.downsample, stride, type, weights);
  return block;
}

}  // namespace bigtransfer::model

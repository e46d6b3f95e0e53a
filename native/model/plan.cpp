// What all plans share, and the choice between them.
#include "model/plan.h"

#include "common/error.h"
#include "model/fused_plan.h"
#include "model/layer_plan.h"
#include "ops/packed_conv.h"

namespace bigtransfer::model {
namespace {

std::string shape_text(const at::Tensor& x) {
  std::string text = "[";
  for (const int64_t size : x.sizes()) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

void check_part(const NetworkSpec& spec, const at::Tensor& pixel_values) {
  const int64_t channels = spec.num_channels;
  if (pixel_values.dim() != 4 || pixel_values.size(1) != channels || pixel_values.numel() == 0) {
    throw Error(ErrorCode::kShape, "Expected pixelValues of shape [N, " + std::to_string(channels) +
                                       ", H, W], none of them 0, but received " +
                                       shape_text(pixel_values));
  }
  if (!pixel_values.is_floating_point()) {
    throw Error(ErrorCode::kShape,
                "Expected floating-point pixelValues but received whole numbers: run "
                "BitImageProcessor first");
  }
}

}  // namespace

std::unique_ptr<const Plan> make_plan(Topology topology, const Weights& weights,
                                      at::ScalarType dtype) {
  if (FusedPlan::serves(topology, dtype))
    return std::make_unique<FusedPlan>(std::move(topology), weights, dtype);
  return std::make_unique<LayerPlan>(std::move(topology), weights, dtype);
}

at::ScalarType fastest_type(const Topology& topology) {
  const at::ScalarType fastest = ops::fastest_factors();
  return FusedPlan::serves(topology, fastest) ? fastest : at::kFloat;
}

void check_input(const NetworkSpec& spec, const RunInput& input) {
  for (const at::Tensor& part : input.parts) check_part(spec, part);
}

size_t stages_needed(const Topology& topology, const Wanted& wanted) {
  if (wanted.normalises() || wanted.hidden_states) return topology.stages.size();
  return wanted.feature_maps.empty() ? 0 : static_cast<size_t>(wanted.feature_maps.back());
}

}  // namespace bigtransfer::model

// What all plans share, and the choice between them.
#include "model/plan.h"

#include "common/error.h"
#include "common/recycled_memory.h"
#include "model/fused_plan.h"
#include "model/layer_plan.h"

namespace bigtransfer::model {
namespace {

std::string shape_text(const at::Tensor& x) {
  std::string text = "[";
  for (const int64_t size : x.sizes()) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

}  // namespace

std::unique_ptr<const Plan> make_plan(Topology topology, const Weights& weights,
                                      at::ScalarType dtype) {
  if (FusedPlan::serves(topology, dtype))
    return std::make_unique<FusedPlan>(std::move(topology), weights, dtype);
  return std::make_unique<LayerPlan>(std::move(topology), weights, dtype);
}

at::Tensor joined(const RunRequest& request) {
  if (request.more.empty()) return request.pixel_values;
  std::vector<at::Tensor> parts{request.pixel_values};
  parts.insert(parts.end(), request.more.begin(), request.more.end());
  std::vector<int64_t> shape = request.pixel_values.sizes().vec();
  for (const at::Tensor& part : request.more) shape[0] += part.size(0);
  at::Tensor all = empty_recycled(shape, request.pixel_values.scalar_type());
  return at::cat_out(all, parts);
}

void check_input(const NetworkSpec& spec, const at::Tensor& pixel_values) {
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

size_t stages_needed(const Topology& topology, const RunRequest& request) {
  if (request.head || request.hidden_states) return topology.stages.size();
  return request.feature_maps.empty() ? 0 : static_cast<size_t>(request.feature_maps.back());
}

}  // namespace bigtransfer::model

// Builds the plan's tensors from weights, then runs them from stem to head.
#include "model/layer_plan.h"

#include <algorithm>

#include "model/map_size.h"
#include "model/weight_bytes.h"
#include "ops/activation.h"
#include "ops/same_padding.h"
#include "ops/standardize_weight.h"

namespace bigtransfer::model {
namespace {

constexpr int64_t kPoolKernel = 3;
constexpr int64_t kPoolStride = 2;

MapSize size_of(const at::Tensor& x) { return {x.size(-2), x.size(-1)}; }

at::Tensor to_output(const at::Tensor& x) { return x.to(at::kFloat).contiguous(); }

}  // namespace

LayerPlan::LayerPlan(Topology topology, const Weights& weights, const at::TensorOptions& options)
    : topology_(std::move(topology)),
      options_(options),
      stem_(make_conv(topology_.stem.conv, weights)) {
  if (topology_.stem.norm) stem_norm_ = make_norm(*topology_.stem.norm, weights);
  for (const StageSpec& stage : topology_.stages) {
    std::vector<Block>& blocks = stages_.emplace_back();
    for (const BlockSpec& block : stage.blocks) blocks.push_back(make_block(block, weights));
  }
  if (topology_.norm) norm_ = make_norm(*topology_.norm, weights);
  if (topology_.head && topology_.head->out_features > 0) {
    head_weight_ = weights.copy(topology_.head->name + ".weight").to(options_);
    head_bias_ = weights.copy(topology_.head->name + ".bias").to(options_);
  }
}

int64_t LayerPlan::bytes() const { return weight_bytes(stem_, stages_, head_weight_); }

LayerPlan::Conv LayerPlan::make_conv(const ConvSpec& spec, const Weights& weights) const {
  const LentTensor weight = weights.lend(spec.name + ".weight");
  return {spec, ops::standardize_weight(weight.read()).to(options_)};
}

ops::Activation LayerPlan::make_activation(const std::string& name, const Weights& weights) const {
  ops::Activation activation{topology_.spec.hidden_act, {}};
  for (const auto& value : ops::activation_parameters(activation.name)) {
    activation.parameters.push_back(weights.copy(name + "." + value.name).to(options_));
  }
  return activation;
}

LayerPlan::Norm LayerPlan::make_norm(const NormSpec& spec, const Weights& weights) const {
  ops::GroupNormAct norm{.groups = topology_.spec.num_groups,
                         .weight = weights.copy(spec.name + ".weight").to(options_),
                         .bias = weights.copy(spec.name + ".bias").to(options_),
                         .activation = {}};
  if (spec.activation) norm.activation = make_activation(spec.name + ".activation", weights);
  return {spec.name, std::move(norm)};
}

LayerPlan::Block LayerPlan::make_block(const BlockSpec& spec, const Weights& weights) const {
  const auto conv = [&](size_t i) { return make_conv(spec.convs[i], weights); };
  const auto norm = [&](size_t i) { return make_norm(spec.norms[i], weights); };
  Block block{&spec, {conv(0), conv(1), conv(2)}, {norm(0), norm(1), norm(2)}, {}, {}, {}};
  if (spec.downsample) block.downsample = make_conv(*spec.downsample, weights);
  if (spec.downsample_norm) block.downsample_norm = make_norm(*spec.downsample_norm, weights);
  if (spec.activation) block.activation = make_activation(*spec.activation, weights);
  return block;
}

at::Tensor LayerPlan::convolve(const at::Tensor& x, const Conv& conv, const RunControl& control) {
  control.between();
  const ConvSpec& spec = conv.spec;
  const MapSize out = windows_of(spec, size_of(x)).out;  // says what is wrong better than ATen
  const LayerTimer timer(control.clock, spec.name, x.size(0) * multiply_adds(spec, out));
  const at::Tensor padded =
      spec.same ? ops::pad_same(x, spec.kernel, spec.stride, spec.dilation) : x;
  return at::conv2d(padded, conv.weight, {}, spec.stride, spec.padding, spec.dilation);
}

at::Tensor LayerPlan::normalise(const at::Tensor& x, const Norm& norm, const RunControl& control) {
  const LayerTimer timer(control.clock, norm.name, 0);
  return ops::group_norm_act(x, norm.op);
}

at::Tensor LayerPlan::run_stem(const at::Tensor& pixel_values, const RunControl& control) const {
  at::Tensor x = convolve(pixel_values, stem_, control);
  pool_windows(topology_.stem, size_of(x));
  if (topology_.stem.constant_pad) x = at::constant_pad_nd(x, {1, 1, 1, 1});
  if (stem_norm_) x = normalise(x, *stem_norm_, control);
  const LayerTimer timer(control.clock, kStemPool, 0);
  if (topology_.stem.same_pool) x = ops::pad_same(x, kPoolKernel, kPoolStride, 1);
  return at::max_pool2d(x, kPoolKernel, kPoolStride);
}

at::Tensor LayerPlan::run_block(const at::Tensor& x, const Block& block,
                                const RunControl& control) const {
  const bool norm_first = topology_.spec.layer_type == LayerType::kPreactivation;
  at::Tensor y = x;
  at::Tensor shortcut = x;
  for (size_t i = 0; i < block.convs.size(); ++i) {
    if (norm_first) y = normalise(y, block.norms[i], control);
    // Both kinds take the first block's shortcut from what conv1 sees.
    if (i == 0 && block.downsample) shortcut = convolve(y, *block.downsample, control);
    y = convolve(y, block.convs[i], control);
    if (!norm_first) y = normalise(y, block.norms[i], control);
  }
  if (block.downsample_norm) shortcut = normalise(shortcut, *block.downsample_norm, control);
  check_residual(topology_.spec, *block.spec, size_of(y), size_of(shortcut));
  const LayerTimer timer(control.clock, "additions", 0);
  y = y + shortcut;
  return block.activation ? ops::activate(y, *block.activation) : y;
}

void LayerPlan::run_head(const at::Tensor& features, const Wanted& wanted,
                         const RunControl& control, RunResult& result) const {
  const at::Tensor normed = norm_ ? normalise(features, *norm_, control) : features;
  if (wanted.last_hidden_state) result.last_hidden_state = to_output(normed);
  if (!wanted.pools()) return;
  const LayerTimer timer(control.clock, kHead, 0);
  const at::Tensor pooled = at::adaptive_avg_pool2d(normed, {1, 1});
  if (wanted.pooler_output) result.pooler_output = to_output(pooled);
  if (!wanted.logits) return;
  const at::Tensor flat = pooled.flatten(1);
  result.logits =
      to_output(head_weight_.defined() ? at::linear(flat, head_weight_, head_bias_) : flat);
}

RunResult LayerPlan::run(const RunInput& input, const Wanted& wanted,
                         const RunControl& control) const {
  check_input(topology_.spec, input);
  RunResult result;
  const size_t last = stages_needed(topology_, wanted);
  at::Tensor x = run_stem(input.whole().to(options_), control);
  for (size_t index = 0; index <= last; ++index) {
    if (index > 0) {
      for (const Block& block : stages_.at(index - 1)) x = run_block(x, block, control);
    }
    if (wanted.hidden_states) result.hidden_states.push_back(to_output(x));
    if (std::ranges::count(wanted.feature_maps, static_cast<int64_t>(index)) > 0) {
      result.feature_maps.push_back(to_output(x));
    }
  }
  control.between();
  if (wanted.normalises()) run_head(x, wanted, control, result);
  return result;
}

}  // namespace bigtransfer::model

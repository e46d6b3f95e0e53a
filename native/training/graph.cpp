// ATen operators from stem to head, in the order of transformers' BiT; kernels of our own where
// there are any.
#include "training/graph.h"

#include <utility>

#include "common/error.h"
#include "model/map_size.h"
#include "model/plan.h"
#include "ops/group_norm_act.h"
#include "ops/same_padding.h"
#include "ops/standardize_weight.h"
#include "training/gpu_operators.h"
#include "training/recomputed.h"

namespace bigtransfer::training {
namespace {

constexpr int64_t kPoolKernel = 3;
constexpr int64_t kPoolStride = 2;

model::MapSize size_of(const at::Tensor& x) { return {x.size(-2), x.size(-1)}; }

}  // namespace

Graph::Graph(model::Topology topology, const model::Weights& weights, at::ScalarType compute,
             bool recompute, at::Device device, const GpuKernels* kernels)
    : topology_(std::move(topology)),
      compute_(compute),
      recompute_(recompute),
      device_(device),
      kernels_(kernels) {
  if (!topology_.head || topology_.head->out_features < 1)
    throw Error(ErrorCode::kConfig, "A network learns with labels, and this one has none");
  for (const model::ParameterSpec& each : weights.parameters()) {
    places_.emplace(each.name, parameters_.size());
    at::Tensor value = weights.copy(each.name).to(device_);
    if (each.learns) value.set_requires_grad(true);
    parameters_.push_back({each.name, std::move(value), each.learns});
  }
}

const at::Tensor& Graph::parameter(const std::string& name) const {
  return parameters_[places_.at(name)].value;
}

at::Tensor Graph::standardized(const model::ConvSpec& spec) const {
  const at::Tensor& weight = parameter(spec.name + ".weight");
  if (kernels_ != nullptr) return gpu_standardize_weight(*kernels_, weight, compute_);
  return ops::standardize_weight(weight).to(at::TensorOptions(compute_), /*non_blocking=*/false,
                                            /*copy=*/false, at::MemoryFormat::ChannelsLast);
}

at::Tensor Graph::convolve(const at::Tensor& x, const model::ConvSpec& spec) const {
  model::windows_of(spec, size_of(x));  // says what is wrong better than ATen
  const at::Tensor weight = standardized(spec);
  const at::Tensor padded =
      spec.same ? ops::pad_same(x, spec.kernel, spec.stride, spec.dilation) : x;
  return at::conv2d(padded, weight, {}, spec.stride, spec.padding, spec.dilation);
}

at::Tensor Graph::activate(const at::Tensor& x, const std::string& name) const {
  ops::Activation activation{topology_.spec.hidden_act, {}};
  for (const auto& value : ops::activation_parameters(activation.name))
    activation.parameters.push_back(parameter(name + "." + value.name).to(compute_));
  return ops::activate(x, activation);
}

at::Tensor Graph::normalise_by_kernels(const at::Tensor& x, const model::NormSpec& spec) const {
  const bool relu = spec.activation && topology_.spec.hidden_act == "relu";
  const at::Tensor y =
      gpu_group_norm(*kernels_, x,
                     {topology_.spec.num_groups, relu, parameter(spec.name + ".weight"),
                      parameter(spec.name + ".bias")});
  return spec.activation && !relu ? activate(y, spec.name + ".activation") : y;
}

at::Tensor Graph::normalise(const at::Tensor& x, const model::NormSpec& spec) const {
  if (kernels_ != nullptr) return normalise_by_kernels(x, spec);
  const ops::GroupNormAct norm{.groups = topology_.spec.num_groups,
                               .weight = parameter(spec.name + ".weight").to(compute_),
                               .bias = parameter(spec.name + ".bias").to(compute_),
                               .activation = {}};
  const at::Tensor y = ops::group_norm_act(x, norm);
  return spec.activation ? activate(y, spec.name + ".activation") : y;
}

at::Tensor Graph::run_stem(const at::Tensor& images) const {
  const model::StemSpec& stem = topology_.stem;
  at::Tensor x = convolve(images, stem.conv);
  model::pool_windows(stem, size_of(x));
  if (stem.constant_pad) x = at::constant_pad_nd(x, {1, 1, 1, 1});
  if (stem.norm) x = normalise(x, *stem.norm);
  if (stem.same_pool) x = ops::pad_same(x, kPoolKernel, kPoolStride, 1);
  return at::max_pool2d(x, kPoolKernel, kPoolStride);
}

at::Tensor Graph::run_block(const at::Tensor& x, const model::BlockSpec& block,
                            const at::Tensor& path) const {
  const bool norm_first = topology_.spec.layer_type == model::LayerType::kPreactivation;
  at::Tensor y = x;
  at::Tensor shortcut = x;
  for (size_t i = 0; i < block.convs.size(); ++i) {
    if (norm_first) y = normalise(y, block.norms[i]);
    // Both kinds take the first block's shortcut from what conv1 sees.
    if (i == 0 && block.downsample) shortcut = convolve(y, *block.downsample);
    y = convolve(y, block.convs[i]);
    if (!norm_first) y = normalise(y, block.norms[i]);
  }
  if (block.downsample_norm) shortcut = normalise(shortcut, *block.downsample_norm);
  model::check_residual(topology_.spec, block, size_of(y), size_of(shortcut));
  if (path.defined()) y = drop_path(y, path);
  y = y + shortcut;
  return block.activation ? activate(y, *block.activation) : y;
}

/// run_block(), which keeps nothing but x.
at::Tensor Graph::run_block_again(const at::Tensor& x, const model::BlockSpec& block,
                                  const at::Tensor& path) const {
  return recomputed(
      [=, this, &block](const at::Tensor& input) { return run_block(input, block, path); }, x);
}

BlockParameters Graph::parameters_of(const model::BlockSpec& block) const {
  BlockParameters parameters;
  for (size_t i = 0; i < block.convs.size(); ++i) {
    parameters.steps[i] = {parameter(block.norms[i].name + ".weight"),
                           parameter(block.norms[i].name + ".bias"),
                           parameter(block.convs[i].name + ".weight")};
  }
  if (block.downsample) parameters.downsample = parameter(block.downsample->name + ".weight");
  return parameters;
}

std::vector<double> Graph::path_rates() const {
  std::vector<double> rates;
  for (const model::StageSpec& stage : topology_.stages) {
    for (const model::BlockSpec& block : stage.blocks)
      if (block.drop_path_rate != 0) rates.push_back(block.drop_path_rate);
  }
  return rates;
}

/// Those of our own are the CPU's.
bool Graph::is_fused(const model::BlockSpec& block) const {
  return device_.is_cpu() && kernels_ == nullptr && has_fused_block(topology_, block, compute_);
}

at::Tensor Graph::logits(const at::Tensor& images, const at::Tensor& paths) const {
  model::check_input(topology_.spec, {{images}});
  at::Tensor x = run_stem(images.to(at::TensorOptions(compute_), /*non_blocking=*/false,
                                    /*copy=*/false, at::MemoryFormat::ChannelsLast));
  Maps maps{x, {}};
  int64_t next_path = 0;
  for (const model::StageSpec& stage : topology_.stages) {
    for (const model::BlockSpec& block : stage.blocks) {
      if (is_fused(block)) {
        const BlockMode mode{topology_.spec.num_groups, compute_, recompute_};
        maps = fused_block(maps, block, mode, parameters_of(block));
      } else {
        const bool may_be_left_out = paths.defined() && block.drop_path_rate != 0;
        const at::Tensor path = may_be_left_out ? paths[next_path++] : at::Tensor();
        x = maps.values.to(compute_);
        maps = {recompute_ ? run_block_again(x, block, path) : run_block(x, block, path), {}};
      }
    }
  }
  x = maps.values.to(compute_);
  if (topology_.norm) x = normalise(x, *topology_.norm);
  const at::Tensor pooled = at::adaptive_avg_pool2d(x, {1, 1}).flatten(1);
  const std::string& head = topology_.head->name;
  return at::linear(pooled, parameter(head + ".weight").to(compute_),
                    parameter(head + ".bias").to(compute_))
      .to(at::kFloat);
}

}  // namespace bigtransfer::training

// The order of things is LayerPlan's; what is added, normalised and activated together differs.
#include "model/cuda/gpu_network.h"

#include <algorithm>

#include "model/map_size.h"
#include "model/weight_bytes.h"
#include "ops/cuda/standardize_weight.h"
#include "ops/cuda/stem.h"
#include "ops/group_norm_act.h"
#include "ops/same_padding.h"
#include "ops/standardize_weight.h"

namespace bigtransfer::model {
namespace {

/// The image's channels are filled up to a multiple of this: cuDNN's kernels for tensor cores load
/// no less.
constexpr int64_t kStemChannels = 4;
/// Stages in the early type.
constexpr size_t kEarlyStages = 1;
/// Stages whose maps are the largest, and are worth keeping in the device's cache.
constexpr size_t kCachedStages = 2;

int64_t stem_pitch(int64_t channels) {
  return (channels + kStemChannels - 1) / kStemChannels * kStemChannels;
}

at::Tensor to_output(const at::Tensor& x) { return x.to(at::kFloat).contiguous(); }

/// [N * H * W, C] of a channels-last map.
at::Tensor as_matrix(const at::Tensor& x) { return x.permute({0, 2, 3, 1}).view({-1, x.size(1)}); }

}  // namespace

bool GpuNetwork::serves(const Topology& topology) {
  return topology.spec.layer_type == LayerType::kPreactivation &&
         topology.spec.hidden_act == "relu";
}

GpuNetwork::GpuNetwork(Topology topology, const Weights& weights, at::ScalarType dtype,
                       at::Device device)
    : topology_(std::move(topology)),
      dtype_(dtype),
      early_type_(dtype == at::kBFloat16 ? at::kHalf : dtype),
      device_(device) {
  const ConvSpec& stem = topology_.stem.conv;
  stem_ = make_conv(stem, stem_pitch(stem.in_channels), early_type_, weights);
  for (const StageSpec& stage : topology_.stages) {
    const at::ScalarType type = stages_.size() < kEarlyStages ? early_type_ : dtype_;
    std::vector<Block>& blocks = stages_.emplace_back();
    for (const BlockSpec& spec : stage.blocks) {
      const auto conv = [&](const ConvSpec& each) {
        return make_conv(each, each.in_channels, type, weights);
      };
      const auto norm = [&](size_t i) { return make_norm(spec.norms[i], weights); };
      Block block{&spec,
                  {conv(spec.convs[0]), conv(spec.convs[1]), conv(spec.convs[2])},
                  {norm(0), norm(1), norm(2)},
                  {}};
      if (spec.downsample) block.downsample = conv(*spec.downsample);
      blocks.push_back(std::move(block));
    }
  }
  norm_ = make_norm(*topology_.norm, weights);
  if (topology_.head && topology_.head->out_features > 0) {
    head_weight_ = weights.copy(topology_.head->name + ".weight").to(device_, dtype_);
    head_bias_ = weights.copy(topology_.head->name + ".bias").to(device_, dtype_);
  }
}

int64_t GpuNetwork::bytes() const { return weight_bytes(*stem_, stages_, head_weight_); }

/// Standardised here and now, which happens once: the kernel for it serves training.
GpuNetwork::Conv GpuNetwork::make_conv(const ConvSpec& spec, int64_t in_pitch, at::ScalarType type,
                                       const Weights& weights) const {
  at::Tensor weight = ops::standardize_weight(weights.lend(spec.name + ".weight").read());
  if (in_pitch > spec.in_channels)
    weight = at::constant_pad_nd(weight, {0, 0, 0, 0, 0, in_pitch - spec.in_channels});
  return {&spec, weight.to(device_, type).contiguous(at::MemoryFormat::ChannelsLast)};
}

GpuNetwork::Norm GpuNetwork::make_norm(const NormSpec& spec, const Weights& weights) const {
  const auto take = [&](const char* what) {
    return weights.copy(spec.name + what).to(device_, at::kFloat);
  };
  return {take(".weight"), take(".bias")};
}

/// In float32 cuBLAS would not round to TF32 where cuDNN does, and PyTorch's users expect cuDNN's.
bool GpuNetwork::is_product(const Conv& conv) const {
  const ConvSpec& spec = *conv.spec;
  return conv.weight.scalar_type() != at::kFloat && spec.kernel == 1 && spec.stride == 1 &&
         spec.padding == 0;
}

at::Tensor GpuNetwork::convolve(const at::Tensor& x, const Conv& conv, const GpuStream& on) const {
  const ConvSpec& spec = *conv.spec;
  const MapSize out = windows_of(spec, {x.size(2), x.size(3)}).out;
  if (is_product(conv)) {
    const at::Tensor y = at::mm(as_matrix(x), as_matrix(conv.weight).t());
    return y.view({x.size(0), out.height, out.width, spec.out_channels}).permute({0, 3, 1, 2});
  }
  const at::Tensor padded =
      spec.same ? ops::pad_same(x, spec.kernel, spec.stride, spec.dilation) : x;
  const at::Tensor input = padded.contiguous(at::MemoryFormat::ChannelsLast);
  const std::array<int64_t, 2> padding{spec.padding, spec.padding};
  const std::array<int64_t, 2> stride{spec.stride, spec.stride};
  const std::array<int64_t, 2> dilation{spec.dilation, spec.dilation};
  const at::Tensor y = x.is_cuda()
                           ? at::cudnn_convolution(input, conv.weight, padding, stride, dilation,
                                                   /*groups=*/1, /*benchmark=*/on.by_trial,
                                                   /*deterministic=*/false, on.allow_tf32)
                           : at::conv2d(input, conv.weight, {}, stride, padding, dilation);
  return y.contiguous(at::MemoryFormat::ChannelsLast);
}

GpuNetwork::Normed GpuNetwork::normalise(Maps& maps, const Norm& norm, at::ScalarType type,
                                         const GpuStream& on, bool only_mean) const {
  const at::Tensor x = maps.sum;
  ops::cuda::NormTask task{.type = x.scalar_type(),
                           .y_type = type,
                           .images = x.size(0),
                           .pixels = x.size(2) * x.size(3),
                           .channels = x.size(1),
                           .groups = topology_.spec.num_groups,
                           .x = x.const_data_ptr(),
                           .residual = nullptr,
                           .sum = nullptr,
                           .weight = norm.weight.const_data_ptr<float>(),
                           .bias = norm.bias.const_data_ptr<float>(),
                           .epsilon = static_cast<float>(ops::kGroupNormEps),
                           .relu = true,
                           .y = nullptr,
                           .mean = nullptr,
                           .moments = nullptr};
  if (maps.residual.defined()) {
    // Other maps may still need the old sum.
    maps.sum = at::empty_like(x, at::MemoryFormat::ChannelsLast);
    task.residual = maps.residual.const_data_ptr();
    task.sum = maps.sum.mutable_data_ptr();
  }
  const ops::cuda::NormPlan plan = ops::cuda::plan_norm(task, on.limits);
  Normed normed;
  if (plan.on_chip && only_mean) {
    normed.mean = at::empty({x.size(0), x.size(1)}, x.options().dtype(type));
    task.mean = normed.mean.mutable_data_ptr();
  } else {
    normed.y = at::empty_like(x, x.options().dtype(type), at::MemoryFormat::ChannelsLast);
    task.y = normed.y.mutable_data_ptr();
  }
  at::Tensor scratch = at::empty({plan.scratch}, x.options().dtype(at::kFloat));
  ops::cuda::group_norm_act(task, plan, scratch.mutable_data_ptr<float>(), on.stream);
  maps.residual.reset();
  return normed;
}

at::Tensor GpuNetwork::normalise(const at::Tensor& x, const Norm& norm, const GpuStream& on) const {
  Maps maps{x, {}, {}};
  return normalise(maps, norm, x.scalar_type(), on, /*only_mean=*/false).y;
}

at::Tensor GpuNetwork::empty_input(const at::Tensor& pixel_values) const {
  return at::empty(
      {pixel_values.size(0), stem_pitch(pixel_values.size(1)), pixel_values.size(2),
       pixel_values.size(3)},
      pixel_values.options().dtype(early_type_).memory_format(at::MemoryFormat::ChannelsLast));
}

void GpuNetwork::write_input(const at::Tensor& pixel_values, at::Tensor& input,
                             const GpuStream& on) const {
  const at::Tensor planes = pixel_values.to(at::kFloat).contiguous();
  ops::cuda::interleave({.type = early_type_,
                         .images = planes.size(0),
                         .pixels = planes.size(2) * planes.size(3),
                         .channels = planes.size(1),
                         .x = planes.const_data_ptr<float>(),
                         .pitch = input.size(1),
                         .y = input.mutable_data_ptr()},
                        on.stream);
}

at::Tensor GpuNetwork::run_stem(const at::Tensor& input, const GpuStream& on) const {
  const at::Tensor x = convolve(input, *stem_, on);
  const Windows windows = pool_windows(topology_.stem, {x.size(2), x.size(3)});
  at::Tensor y = at::empty({x.size(0), x.size(1), windows.out.height, windows.out.width},
                           x.options().memory_format(at::MemoryFormat::ChannelsLast));
  ops::cuda::pad_max_pool({.type = early_type_,
                           .images = x.size(0),
                           .channels = x.size(1),
                           .in_height = x.size(2),
                           .in_width = x.size(3),
                           .out_height = windows.out.height,
                           .out_width = windows.out.width,
                           .pad_top = windows.pad_top,
                           .pad_left = windows.pad_left,
                           .x = x.const_data_ptr(),
                           .y = y.mutable_data_ptr()},
                          on.stream);
  return y;
}

GpuNetwork::Maps GpuNetwork::run_in_parts(const at::Tensor& input, size_t stages,
                                          const GpuStream& on) const {
  at::Tensor all;
  for (int64_t begin = 0; begin < input.size(0); begin += on.sub_batch) {
    const int64_t count = std::min(on.sub_batch, input.size(0) - begin);
    Maps maps{run_stem(input.narrow(0, begin, count), on), {}, {}};
    for (size_t stage = 0; stage < stages; ++stage) run_stage(maps, stage, on);
    const at::Tensor& map = maps.sum;
    if (!all.defined())
      all = at::empty({input.size(0), map.size(1), map.size(2), map.size(3)},
                      map.options().memory_format(at::MemoryFormat::ChannelsLast));
    all.narrow(0, begin, count).copy_(maps.residual.defined() ? map + maps.residual : map);
  }
  return {all, {}, {}};
}

void GpuNetwork::run_stage(Maps& maps, size_t stage, const GpuStream& on) const {
  for (const Block& block : stages_.at(stage)) run_block(maps, block, on);
}

void GpuNetwork::run_block(Maps& maps, const Block& block, const GpuStream& on) const {
  if (!on.by_trial || !takes_products(maps, block)) return run_normed(maps, block, on);
  // Blocks add to their input where it is: a trial is given a copy.
  const auto trial = [&](auto way) {
    return [this, &maps, &block, &on, way, copy = Maps()]() mutable {
      if (!copy.sum.defined()) copy = {maps.sum.clone(), {}, maps.parts};
      Maps tried = copy;
      (this->*way)(tried, block, on);
    };
  };
  const bool fused =
      trials_.prefers_second({&block, maps.sum.sizes().vec()}, on.stopwatch,
                             trial(&GpuNetwork::run_normed), trial(&GpuNetwork::run_fused));
  return fused ? run_fused(maps, block, on) : run_normed(maps, block, on);
}

bool GpuNetwork::takes_products(const Maps& maps, const Block& block) const {
  const auto takes = [&](const Conv& conv) {
    return is_product(conv) && conv.weight.scalar_type() == maps.sum.scalar_type() &&
           takes_norm_product(conv.weight);
  };
  return takes(block.convs[0]) && takes(block.convs[2]) &&
         (!block.downsample || takes(*block.downsample));
}

NormParameters GpuNetwork::parameters(const Norm& norm) const {
  return {norm.weight, norm.bias, topology_.spec.num_groups};
}

void GpuNetwork::run_fused(Maps& maps, const Block& block, const GpuStream& on) const {
  const at::Tensor x = maps.sum;
  const at::Tensor parts = maps.parts.defined() ? maps.parts : parts_of_map(x, on.stream);
  const at::Tensor affine = affine_of(x, parts, parameters(block.norms[0]), on.stream);
  const auto product = [&](const Conv& conv) {
    return norm_product(x, affine, conv.weight, {}, nullptr, on.stream);
  };
  const at::Tensor shortcut = block.downsample ? product(*block.downsample) : x;
  const at::Tensor second = normalise(product(block.convs[0]), block.norms[1], on);
  const at::Tensor third = convolve(second, block.convs[1], on);
  check_residual(topology_.spec, *block.spec, {third.size(2), third.size(3)},
                 {shortcut.size(2), shortcut.size(3)});
  const at::Tensor last =
      affine_of(third, parts_of_map(third, on.stream), parameters(block.norms[2]), on.stream);
  maps.sum = norm_product(third, last, block.convs[2].weight, shortcut, &maps.parts, on.stream);
}

void GpuNetwork::run_normed(Maps& maps, const Block& block, const GpuStream& on) const {
  const at::ScalarType type = block.convs[0].weight.scalar_type();
  const at::Tensor first = normalise(maps, block.norms[0], type, on, /*only_mean=*/false).y;
  // Where the early type ends, a stage begins, whose shortcut starts from the norm.
  at::Tensor shortcut = block.downsample ? convolve(first, *block.downsample, on) : maps.sum;
  const at::Tensor second = normalise(convolve(first, block.convs[0], on), block.norms[1], on);
  const at::Tensor third = normalise(convolve(second, block.convs[1], on), block.norms[2], on);
  const Conv& last = block.convs[2];
  check_residual(topology_.spec, *block.spec, {third.size(2), third.size(3)},
                 {shortcut.size(2), shortcut.size(3)});
  maps.sum = shortcut;
  maps.parts.reset();
  if (is_product(last)) {
    // Nobody else needs the shortcut: the product is added to it where it is.
    as_matrix(shortcut).addmm_(as_matrix(third), as_matrix(last.weight).t());
  } else {
    maps.residual = convolve(third, last, on);
  }
}

void GpuNetwork::run_head(Maps& maps, const Wanted& wanted, const GpuStream& on,
                          RunResult& result) const {
  const Normed normed =
      normalise(maps, *norm_, dtype_, on, /*only_mean=*/!wanted.last_hidden_state);
  if (wanted.last_hidden_state) result.last_hidden_state = to_output(normed.y);
  if (!wanted.pools()) return;
  const at::Tensor pooled = normed.mean.defined() ? normed.mean : normed.y.mean({2, 3});
  if (wanted.pooler_output)
    result.pooler_output = to_output(pooled.view({pooled.size(0), pooled.size(1), 1, 1}));
  if (wanted.logits)
    result.logits =
        to_output(head_weight_.defined() ? at::linear(pooled, head_weight_, head_bias_) : pooled);
}

RunResult GpuNetwork::run(const at::Tensor& input, const Wanted& wanted,
                          const GpuStream& on) const {
  RunResult result;
  const size_t last = stages_needed(topology_, wanted);
  const bool in_parts = on.sub_batch > 0 && input.size(0) > on.sub_batch && last >= kCachedStages &&
                        !wanted.hidden_states && wanted.feature_maps.empty();
  Maps maps = in_parts ? run_in_parts(input, kCachedStages, on) : Maps{run_stem(input, on), {}, {}};
  for (size_t index = in_parts ? kCachedStages + 1 : 0; index <= last; ++index) {
    if (index > 0) run_stage(maps, index - 1, on);
    const bool is_map = std::ranges::count(wanted.feature_maps, static_cast<int64_t>(index)) > 0;
    if (!is_map && !wanted.hidden_states) continue;
    const at::Tensor state =
        to_output(maps.residual.defined() ? maps.sum + maps.residual : maps.sum);
    if (wanted.hidden_states) result.hidden_states.push_back(state);
    if (is_map) result.feature_maps.push_back(state);
  }
  if (!wanted.normalises()) return result;
  run_head(maps, wanted, on, result);
  return result;
}

}  // namespace bigtransfer::model

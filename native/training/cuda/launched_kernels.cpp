// Tensors to tasks.
#include "training/cuda/launched_kernels.h"

#include <utility>

#include "ops/cuda/group_norm_act.h"
#include "ops/cuda/norm_gradient.h"
#include "ops/cuda/standardize_weight.h"
#include "ops/group_norm_act.h"
#include "ops/standardize_weight.h"

namespace bigtransfer::training {
namespace {

int64_t pixels_of(const at::Tensor& maps) { return maps.size(2) * maps.size(3); }

int64_t taps_of(const at::Tensor& weight) { return weight.size(2) * weight.size(3); }

at::Tensor maps_like(const at::Tensor& x) {
  return at::empty_like(x, at::MemoryFormat::ChannelsLast);
}

at::Tensor floats(at::IntArrayRef shape, const at::Tensor& beside) {
  return at::empty(shape, beside.options().dtype(at::kFloat));
}

}  // namespace

LaunchedKernels::LaunchedKernels(std::function<KernelStream()> current)
    : current_(std::move(current)) {}

GpuKernels::Normed LaunchedKernels::normalise(const at::Tensor& x, const GpuNorm& norm) const {
  const KernelStream on = current_();
  Normed made{maps_like(x), floats({x.size(0), norm.groups, 2}, x)};
  const ops::cuda::NormTask task{.type = x.scalar_type(),
                                 .y_type = x.scalar_type(),
                                 .images = x.size(0),
                                 .pixels = pixels_of(x),
                                 .channels = x.size(1),
                                 .groups = norm.groups,
                                 .x = x.const_data_ptr(),
                                 .residual = nullptr,
                                 .sum = nullptr,
                                 .weight = norm.weight.const_data_ptr<float>(),
                                 .bias = norm.bias.const_data_ptr<float>(),
                                 .epsilon = static_cast<float>(ops::kGroupNormEps),
                                 .relu = norm.relu,
                                 .y = made.y.mutable_data_ptr(),
                                 .mean = nullptr,
                                 .moments = made.moments.mutable_data_ptr<float>()};
  const ops::cuda::NormPlan plan = ops::cuda::plan_norm(task, on.limits);
  const at::Tensor scratch = floats({plan.scratch}, x);
  ops::cuda::group_norm_act(task, plan, scratch.mutable_data_ptr<float>(), on.stream);
  return made;
}

GpuKernels::NormGradients LaunchedKernels::norm_gradient(const at::Tensor& x,
                                                         const at::Tensor& moments,
                                                         const GpuNorm& norm,
                                                         const at::Tensor& gradient) const {
  const KernelStream on = current_();
  NormGradients made{maps_like(x), floats({x.size(1)}, x), floats({x.size(1)}, x)};
  const ops::cuda::NormGradientTask task{.type = x.scalar_type(),
                                         .images = x.size(0),
                                         .pixels = pixels_of(x),
                                         .channels = x.size(1),
                                         .groups = norm.groups,
                                         .x = x.const_data_ptr(),
                                         .moments = moments.const_data_ptr<float>(),
                                         .weight = norm.weight.const_data_ptr<float>(),
                                         .bias = norm.bias.const_data_ptr<float>(),
                                         .relu = norm.relu,
                                         .gradient = gradient.const_data_ptr(),
                                         .x_gradient = made.x.mutable_data_ptr(),
                                         .weight_gradient = made.weight.mutable_data_ptr<float>(),
                                         .bias_gradient = made.bias.mutable_data_ptr<float>()};
  const ops::cuda::NormPlan plan = ops::cuda::plan_norm_gradient(task, on.limits);
  const at::Tensor scratch = floats({plan.scratch}, x);
  ops::cuda::norm_gradient(task, plan, scratch.mutable_data_ptr<float>(), on.stream);
  return made;
}

GpuKernels::Standardized LaunchedKernels::standardize(const at::Tensor& weight,
                                                      at::ScalarType type) const {
  Standardized made{
      at::empty_like(weight, weight.options().dtype(type), at::MemoryFormat::ChannelsLast),
      floats({weight.size(0), 2}, weight)};
  ops::cuda::standardize_weight({.type = type,
                                 .out_channels = weight.size(0),
                                 .in_channels = weight.size(1),
                                 .taps = taps_of(weight),
                                 .epsilon = static_cast<float>(ops::kWeightStandardizationEps),
                                 .weight = weight.const_data_ptr<float>(),
                                 .pitch = weight.size(1),
                                 .y = made.weight.mutable_data_ptr(),
                                 .moments = made.moments.mutable_data_ptr<float>()},
                                current_().stream);
  return made;
}

at::Tensor LaunchedKernels::standardize_gradient(const at::Tensor& weight,
                                                 const at::Tensor& moments,
                                                 const at::Tensor& gradient) const {
  at::Tensor made = at::empty_like(weight);
  ops::cuda::standardize_weight_gradient({.type = gradient.scalar_type(),
                                          .out_channels = weight.size(0),
                                          .in_channels = weight.size(1),
                                          .taps = taps_of(weight),
                                          .weight = weight.const_data_ptr<float>(),
                                          .moments = moments.const_data_ptr<float>(),
                                          .gradient = gradient.const_data_ptr(),
                                          .weight_gradient = made.mutable_data_ptr<float>()},
                                         current_().stream);
  return made;
}

}  // namespace bigtransfer::training

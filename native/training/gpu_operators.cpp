// Each as one function of autograd, which keeps its input and what the kernels ask for.
#include "training/gpu_operators.h"

#include <torch/csrc/autograd/custom_function.h>

namespace bigtransfer::training {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What is no tensor.
struct How : torch::CustomClassHolder {
  How(const GpuKernels& all, int64_t of_channels, bool with_relu)
      : kernels(all), groups(of_channels), relu(with_relu) {}

  const GpuKernels& kernels;
  int64_t groups;
  bool relu;
};

constexpr const char* kHow = "how";

void keep(AutogradContext* context, const c10::intrusive_ptr<How>& how, variable_list tensors) {
  context->save_for_backward(std::move(tensors));
  context->saved_data[kHow] = c10::IValue::make_capsule(how);
}

c10::intrusive_ptr<How> kept(const AutogradContext* context) {
  return c10::static_intrusive_pointer_cast<How>(context->saved_data.at(kHow).toCapsule());
}

at::Tensor with_channels_last(const at::Tensor& maps) {
  return maps.contiguous(at::MemoryFormat::ChannelsLast);
}

struct GroupNorm : torch::autograd::Function<GroupNorm> {
  static at::Tensor forward(AutogradContext* context, const c10::intrusive_ptr<How>& how,
                            const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    const at::Tensor maps = with_channels_last(x);
    const GpuKernels::Normed made =
        how->kernels.normalise(maps, {how->groups, how->relu, weight, bias});
    keep(context, how, {maps, weight, bias, made.moments});
    return made.y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& of_outputs) {
    const auto how = kept(context);
    const variable_list saved = context->get_saved_variables();
    const GpuNorm norm{how->groups, how->relu, saved[1], saved[2]};
    const GpuKernels::NormGradients made =
        how->kernels.norm_gradient(saved[0], saved[3], norm, with_channels_last(of_outputs[0]));
    return {at::Tensor(), made.x, made.weight, made.bias};
  }
};

struct Standardize : torch::autograd::Function<Standardize> {
  static at::Tensor forward(AutogradContext* context, const c10::intrusive_ptr<How>& how,
                            at::ScalarType type, const at::Tensor& weight) {
    const GpuKernels::Standardized made = how->kernels.standardize(weight, type);
    keep(context, how, {weight, made.moments});
    return made.weight;
  }

  static variable_list backward(AutogradContext* context, const variable_list& of_outputs) {
    const auto how = kept(context);
    const variable_list saved = context->get_saved_variables();
    return {
        at::Tensor(), at::Tensor(),
        how->kernels.standardize_gradient(saved[0], saved[1], with_channels_last(of_outputs[0]))};
  }
};

}  // namespace

at::Tensor gpu_group_norm(const GpuKernels& kernels, const at::Tensor& x, const GpuNorm& norm) {
  return GroupNorm::apply(c10::make_intrusive<How>(kernels, norm.groups, norm.relu), x, norm.weight,
                          norm.bias);
}

at::Tensor gpu_standardize_weight(const GpuKernels& kernels, const at::Tensor& weight,
                                  at::ScalarType type) {
  return Standardize::apply(c10::make_intrusive<How>(kernels, 0, false), type, weight);
}

}  // namespace bigtransfer::training

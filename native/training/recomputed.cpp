// A function of autograd that has a graph of its own on the way back.
#include "training/recomputed.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace bigtransfer::training {
namespace {

using torch::autograd::variable_list;

struct Work : torch::CustomClassHolder {
  explicit Work(std::function<at::Tensor(const at::Tensor&)> what) : run(std::move(what)) {}
  std::function<at::Tensor(const at::Tensor&)> run;
};

constexpr const char* kWork = "work";

struct Recomputed : torch::autograd::Function<Recomputed> {
  static at::Tensor forward(torch::autograd::AutogradContext* context,
                            const c10::intrusive_ptr<Work>& work, const at::Tensor& x) {
    context->save_for_backward({x});
    context->saved_data[kWork] = c10::IValue::make_capsule(work);
    return work->run(x);
  }

  static variable_list backward(torch::autograd::AutogradContext* context,
                                const variable_list& of_outputs) {
    const auto work =
        c10::static_intrusive_pointer_cast<Work>(context->saved_data[kWork].toCapsule());
    context->saved_data.clear();
    const at::Tensor x = context->get_saved_variables()[0].detach().requires_grad_();
    const c10::AutoGradMode followed(true);
    work->run(x).backward(of_outputs[0]);
    return {at::Tensor(), x.grad()};
  }
};

}  // namespace

at::Tensor recomputed(std::function<at::Tensor(const at::Tensor&)> run, const at::Tensor& x) {
  return Recomputed::apply(c10::make_intrusive<Work>(std::move(run)), x);
}

}  // namespace bigtransfer::training

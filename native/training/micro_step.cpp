// Numbers that change from one micro-batch to the next are tensors: a recorded way reads them anew.
#include "training/micro_step.h"

#include "model/plan.h"

namespace bigtransfer::training {
namespace {

at::Tensor scalar(double value) { return at::scalar_tensor(value, at::kFloat); }

/// What is learnt from, without what is there to be mixed into others alone.
at::Tensor own(const at::Tensor& rows, const StepInputs& inputs) {
  return inputs.partners.defined() ? rows.slice(0, 0, inputs.partners.size(0)) : rows;
}

at::Tensor images_of(const StepInputs& inputs) {
  if (!inputs.partners.defined()) return inputs.images;
  return own(inputs.images, inputs) * inputs.lambda +
         inputs.images.index_select(0, inputs.partners) * inputs.rest;
}

}  // namespace

StepInputs step_inputs(const MicroBatch& batch, const Graph& graph, model::ProblemType problem) {
  model::check_input(graph.spec(), {{batch.images}});
  StepInputs inputs{.images = batch.images,
                    .labels = batch.labels,
                    .weight = scalar(batch.weight),
                    .lambda = {},
                    .rest = {},
                    .partners = {},
                    .paths = {}};
  if (batch.mixing) {
    inputs.lambda = scalar(batch.mixing->lambda);
    inputs.rest = scalar(1 - batch.mixing->lambda);
    inputs.partners = batch.mixing->partners;
  }
  const int64_t images = own(inputs.images, inputs).size(0);
  const int64_t logits[] = {images, graph.head().out_features};
  model::check_labels(logits, own(inputs.labels, inputs), problem);
  if (batch.mixing)
    model::check_labels(logits, inputs.labels.index_select(0, inputs.partners), problem);
  inputs.paths = path_factors(graph.path_rates(), images, batch.draws);
  return inputs;
}

at::Tensor add_gradients(const Graph& graph, const StepInputs& inputs, model::ProblemType problem) {
  const at::Tensor logits = graph.logits(images_of(inputs), inputs.paths);
  at::Tensor loss = model::loss_of_checked(logits, own(inputs.labels, inputs), problem);
  if (inputs.partners.defined()) {
    const at::Tensor others = inputs.labels.index_select(0, inputs.partners);
    loss = loss * inputs.lambda + model::loss_of_checked(logits, others, problem) * inputs.rest;
  }
  (loss * inputs.weight).backward();
  return loss.detach();
}

}  // namespace bigtransfer::training

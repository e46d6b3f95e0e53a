// A micro-batch's way through a graph and back: what it takes, and what it adds to the gradients.
#pragma once

#include <ATen/ATen.h>

#include "model/loss.h"
#include "training/graph.h"
#include "training/micro_batch.h"

namespace bigtransfer::training {

/// All that the way depends on beside the graph, on one device. Tensors that are not needed are
/// undefined.
struct StepInputs {
  at::Tensor images;
  at::Tensor labels;
  /// float32 scalars.
  at::Tensor weight;
  /// Of Mixing, and what the other image has.
  at::Tensor lambda;
  at::Tensor rest;
  at::Tensor partners;
  /// As path_factors() has them.
  at::Tensor paths;

  /// Calls work(other, own) for each tensor and the one that `others` have in its place.
  template <typename Work>
  void for_each_beside(const StepInputs& others, const Work& work) {
    work(others.images, images);
    work(others.labels, labels);
    work(others.weight, weight);
    work(others.lambda, lambda);
    work(others.rest, rest);
    work(others.partners, partners);
    work(others.paths, paths);
  }
};

/// On the CPU. Throws Error kShape for images or labels that do not fit, as Graph and model::loss()
/// do.
StepInputs step_inputs(const MicroBatch& batch, const Graph& graph, model::ProblemType problem);

/// Adds weight · gradient of the mean loss, a scalar in float32, which is returned. Inputs are on
/// the graph's device; nothing is waited for there.
at::Tensor add_gradients(const Graph& graph, const StepInputs& inputs, model::ProblemType problem);

}  // namespace bigtransfer::training

// Loss, gradients, steps and files.
#include "training/trainer.h"

#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include "checkpoint/safetensors_writer.h"
#include "training/exchange.h"

namespace bigtransfer::training {
namespace {

/// What is learnt from, without what is there to be mixed into others alone.
at::Tensor own(const at::Tensor& rows, const Mixing& mixing) {
  return rows.slice(0, 0, mixing.partners.size(0));
}

at::Tensor mixed(const at::Tensor& images, const Mixing& mixing) {
  return own(images, mixing) * mixing.lambda +
         images.index_select(0, mixing.partners) * (1 - mixing.lambda);
}

void zero(const Graph& graph, const std::string& name) {
  const c10::NoGradGuard guard;
  for (const Parameter& each : graph.parameters())
    if (each.name == name) each.value.zero_();
}

}  // namespace

Trainer::Trainer(const TrainerRequest& request)
    : Trainer(request, model::make_topology(request.spec, request.prefix)) {}

Trainer::Trainer(const TrainerRequest& request, model::Topology topology)
    : Trainer(request, topology,
              model::Weights::read(model::parameters(topology), request.source)) {}

Trainer::Trainer(const TrainerRequest& request, model::Topology topology,
                 const model::Weights& weights)
    : loading_info_(weights.loading_info()),
      problem_(request.problem),
      graph_(std::move(topology), weights, request.compute, request.recompute,
             /*kernels=*/nullptr),
      optimizer_(graph_.parameters(), request.rates) {
  if (request.zero_head) {
    zero(graph_, graph_.head().name + ".weight");
    zero(graph_, graph_.head().name + ".bias");
  }
  if (!request.optimizer_file.empty()) optimizer_.restore(request.optimizer_file);
}

double Trainer::accumulate(const MicroBatch& batch) {
  const std::lock_guard lock(mutex_);
  const auto& [images, labels, mixing, weight, drop_seed, first, of] = batch;
  const PathDraws draws{at::detail::createCPUGenerator(drop_seed), first, of};
  const at::Tensor logits = graph_.logits(mixing ? mixed(images, *mixing) : images, draws);
  at::Tensor loss = model::loss(logits, mixing ? own(labels, *mixing) : labels, problem_);
  if (mixing) {
    const at::Tensor others = labels.index_select(0, mixing->partners);
    loss = loss * mixing->lambda + model::loss(logits, others, problem_) * (1 - mixing->lambda);
  }
  (loss * weight).backward();
  return loss.item<double>();
}

void Trainer::sum(peers::Peers& peers) {
  const std::lock_guard lock(mutex_);
  sum_gradients(graph_.parameters(), peers);
}

void Trainer::take_from_first(peers::Peers& peers) {
  const std::lock_guard lock(mutex_);
  std::vector<at::Tensor> tensors;
  for (const Parameter& each : graph_.parameters()) tensors.push_back(each.value.detach());
  for (const auto& [name, velocity] : optimizer_.velocities()) tensors.push_back(velocity);
  training::take_from_first(tensors, peers);
}

void Trainer::step(double learning_rate) {
  const std::lock_guard lock(mutex_);
  optimizer_.step(learning_rate);
}

void Trainer::forget() {
  const std::lock_guard lock(mutex_);
  for (const Parameter& each : graph_.parameters()) each.value.mutable_grad().reset();
}

void Trainer::save(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const Parameter& each : graph_.parameters())
    tensors.emplace_back(each.name, each.value.detach());
  checkpoint::write_safetensors(path, tensors, {{"format", "pt"}});
}

void Trainer::save_optimizer(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  checkpoint::write_safetensors(path, optimizer_.velocities(), {{"format", "pt"}});
}

int64_t Trainer::bytes() const {
  constexpr int64_t kCopies = 3;
  int64_t total = 0;
  for (const Parameter& each : graph_.parameters())
    total += static_cast<int64_t>(each.value.nbytes()) * (each.learns ? kCopies : 1);
  return total;
}

}  // namespace bigtransfer::training

// Joins inputs, runs once, and slices outputs; or call by call where bits would depend on the rest.
#include "runtime/run_calls.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>

namespace bigtransfer::runtime {
namespace {

at::Tensor loss_of(const ForwardRequest& request, const at::Tensor& logits) {
  if (!request.labels.defined() || !request.problem) return {};
  return model::loss(logits, request.labels, *request.problem);
}

Outcome run_alone(const model::Plan& plan, const CallInput& call) {
  try {
    model::LayerClock clock;
    model::RunRequest run = call.request->run;
    run.clock = call.request->profile ? &clock : nullptr;
    ForwardResult result{plan.run(run, [&] { call.token->throw_if_cancelled(); }), {}, {}, {}};
    result.layers = clock.layers();
    result.loss = loss_of(*call.request, result.run.logits);
    return result;
  } catch (...) {
    return std::current_exception();
  }
}

std::vector<Outcome> run_each(const model::Plan& plan, const std::vector<CallInput>& calls) {
  std::vector<Outcome> outcomes;
  for (const CallInput& call : calls) outcomes.push_back(run_alone(plan, call));
  return outcomes;
}

/// The outputs of `count` images from `first`.
model::RunResult slice(const model::RunResult& all, int64_t first, int64_t count) {
  const auto part = [&](const at::Tensor& batch) {
    return batch.defined() ? batch.narrow(0, first, count) : batch;
  };
  const auto parts = [&](const std::vector<at::Tensor>& batches) {
    std::vector<at::Tensor> sliced;
    for (const at::Tensor& batch : batches) sliced.push_back(part(batch));
    return sliced;
  };
  return {part(all.last_hidden_state), part(all.pooler_output), part(all.logits),
          parts(all.hidden_states), parts(all.feature_maps)};
}

Outcome outcome_of(const CallInput& call, const model::RunResult& all, int64_t first) {
  try {
    call.token->throw_if_cancelled();
    const int64_t count = call.request->run.pixel_values.size(0);
    ForwardResult result{slice(all, first, count), {}, {}, {}};
    result.loss = loss_of(*call.request, result.run.logits);
    return result;
  } catch (...) {
    return std::current_exception();
  }
}

std::vector<Outcome> run_together(const model::Plan& plan, const std::vector<CallInput>& calls) {
  std::vector<at::Tensor> inputs;
  /// Which call an image belongs to.
  std::vector<const CancelToken*> tokens;
  for (const CallInput& call : calls) {
    inputs.push_back(call.request->run.pixel_values);
    tokens.insert(tokens.end(), static_cast<size_t>(inputs.back().size(0)), call.token);
  }
  model::RunRequest run = calls.front().request->run;
  run.pixel_values = at::cat(inputs);
  run.left_out = [&](int64_t image) { return tokens[static_cast<size_t>(image)]->cancelled(); };
  const auto is_cancelled = [](const CancelToken* token) { return token->cancelled(); };
  const model::RunResult all = plan.run(run, [&] {
    if (std::ranges::all_of(tokens, is_cancelled)) throw Cancelled();
  });
  std::vector<Outcome> outcomes;
  int64_t first = 0;
  for (const CallInput& call : calls) {
    outcomes.push_back(outcome_of(call, all, first));
    first += call.request->run.pixel_values.size(0);
  }
  return outcomes;
}

}  // namespace

bool run_alike(const ForwardRequest& a, const ForwardRequest& b) {
  const at::Tensor& x = a.run.pixel_values;
  const at::Tensor& y = b.run.pixel_values;
  return x.dim() == 4 && y.dim() == 4 && x.sizes().slice(1) == y.sizes().slice(1) &&
         x.scalar_type() == y.scalar_type() && a.run.hidden_states == b.run.hidden_states &&
         a.run.feature_maps == b.run.feature_maps && a.run.head == b.run.head && !a.profile &&
         !b.profile;
}

std::vector<Outcome> run_calls(const model::Plan& plan, const std::vector<CallInput>& calls) {
  const c10::InferenceMode guard;
  if (calls.size() == 1 || !plan.takes_images_apart()) return run_each(plan, calls);
  try {
    return run_together(plan, calls);
  } catch (...) {
    // Too little memory for all of them, or all cancelled: each on its own says which.
    return run_each(plan, calls);
  }
}

}  // namespace bigtransfer::runtime

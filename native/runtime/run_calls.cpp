// Puts inputs together, runs once, and slices outputs; or call by call where bits would depend on
// the rest.
#include "runtime/run_calls.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>

namespace bigtransfer::runtime {
namespace {

at::Tensor loss_of(const ForwardRequest& request, const at::Tensor& logits) {
  if (!request.labels.defined() || !request.problem) return {};
  return model::loss(logits, request.labels, *request.problem);
}

Outcome run_alone(const Engine& engine, const CallInput& call) {
  try {
    model::LayerClock clock;
    model::RunRequest run = call.request->run;
    run.clock = call.request->profile ? &clock : nullptr;
    ForwardResult result;
    result.run = engine.run(run, call.request->pictures, [&] { call.token->throw_if_cancelled(); });
    result.layers = clock.layers();
    result.loss = loss_of(*call.request, result.run.logits);
    return result;
  } catch (...) {
    return std::current_exception();
  }
}

std::vector<Outcome> run_each(const Engine& engine, const std::vector<CallInput>& calls) {
  std::vector<Outcome> outcomes;
  for (const CallInput& call : calls) outcomes.push_back(run_alone(engine, call));
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
    ForwardResult result;
    result.run = slice(all, first, call.request->images());
    result.loss = loss_of(*call.request, result.run.logits);
    return result;
  } catch (...) {
    return std::current_exception();
  }
}

std::vector<Outcome> run_together(const Engine& engine, const std::vector<CallInput>& calls) {
  std::vector<at::Tensor> inputs;
  StagedPictures pictures;
  /// Which call an image belongs to.
  std::vector<const CancelToken*> tokens;
  for (const auto& [request, token] : calls) {
    if (request->pictures.empty()) inputs.push_back(request->run.pixel_values);
    pictures.insert(pictures.end(), request->pictures.begin(), request->pictures.end());
    tokens.insert(tokens.end(), static_cast<size_t>(request->images()), token);
  }
  model::RunRequest run = calls.front().request->run;
  if (!inputs.empty()) run.more.assign(inputs.begin() + 1, inputs.end());
  run.left_out = [&](int64_t image) { return tokens[static_cast<size_t>(image)]->cancelled(); };
  const auto is_cancelled = [](const CancelToken* token) { return token->cancelled(); };
  const model::RunResult all = engine.run(run, pictures, [&] {
    if (std::ranges::all_of(tokens, is_cancelled)) throw Cancelled();
  });
  std::vector<Outcome> outcomes;
  int64_t first = 0;
  for (const CallInput& call : calls) {
    outcomes.push_back(outcome_of(call, all, first));
    first += call.request->images();
  }
  return outcomes;
}

std::vector<Outcome> run_all(const Engine& engine, const std::vector<CallInput>& calls) {
  if (calls.size() == 1 || !engine.gathers()) return run_each(engine, calls);
  try {
    return run_together(engine, calls);
  } catch (...) {
    // Too little memory for all of them, or all cancelled: each on its own says which.
    return run_each(engine, calls);
  }
}

/// A call's pictures are all of one kind.
bool become_alike(const StagedPicture& a, const StagedPicture& b) {
  return output_shape(a) == output_shape(b) && a.resample == b.resample && a.scaling == b.scaling;
}

}  // namespace

bool run_alike(const ForwardRequest& a, const ForwardRequest& b) {
  if (a.profile || b.profile || a.run.hidden_states != b.run.hidden_states ||
      a.run.feature_maps != b.run.feature_maps || a.run.head != b.run.head)
    return false;
  if (!a.pictures.empty() && !b.pictures.empty())
    return become_alike(*a.pictures.front(), *b.pictures.front());
  const at::Tensor& x = a.run.pixel_values;
  const at::Tensor& y = b.run.pixel_values;
  return a.pictures.empty() && b.pictures.empty() && x.dim() == 4 && y.dim() == 4 &&
         x.sizes().slice(1) == y.sizes().slice(1) && x.scalar_type() == y.scalar_type();
}

std::vector<Outcome> run_calls(const Engine& engine, const std::vector<CallInput>& calls) {
  const c10::InferenceMode guard;
  std::vector<Outcome> outcomes = run_all(engine, calls);
  for (Outcome& outcome : outcomes) {
    if (auto* result = std::get_if<ForwardResult>(&outcome)) {
      result->warnings = engine.take_warnings();
      break;
    }
  }
  return outcomes;
}

}  // namespace bigtransfer::runtime

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
    ForwardResult result;
    result.run = engine.run(call.request->images, call.request->wanted,
                            {[&] { call.token->throw_if_cancelled(); },
                             /*left_out=*/{}, call.request->profile ? &clock : nullptr});
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

Outcome outcome_of(const CallInput& call, const model::RunResult& all, int64_t first) {
  try {
    call.token->throw_if_cancelled();
    ForwardResult result;
    result.run = model::slice(all, first, call.request->images.count());
    result.loss = loss_of(*call.request, result.run.logits);
    return result;
  } catch (...) {
    return std::current_exception();
  }
}

/// All images of the calls, one call after the other.
CallImages images_of(const std::vector<CallInput>& calls) {
  CallImages all;
  for (const auto& [request, token] : calls) {
    const CallImages& own = request->images;
    const std::vector<at::Tensor>& parts = own.pixel_values.parts;
    all.pixel_values.parts.insert(all.pixel_values.parts.end(), parts.begin(), parts.end());
    all.pictures.insert(all.pictures.end(), own.pictures.begin(), own.pictures.end());
  }
  return all;
}

std::vector<Outcome> run_together(const Engine& engine, const std::vector<CallInput>& calls) {
  /// Which call an image belongs to.
  std::vector<const CancelToken*> tokens;
  for (const auto& [request, token] : calls)
    tokens.insert(tokens.end(), static_cast<size_t>(request->images.count()), token);
  const auto is_cancelled = [](const CancelToken* token) { return token->cancelled(); };
  const auto stop_if_all_are = [&] {
    if (std::ranges::all_of(tokens, is_cancelled)) throw Cancelled();
  };
  const auto left_out = [&](int64_t image) {
    return is_cancelled(tokens[static_cast<size_t>(image)]);
  };
  const model::RunResult all = engine.run(images_of(calls), calls.front().request->wanted,
                                          {stop_if_all_are, left_out, /*clock=*/nullptr});
  std::vector<Outcome> outcomes;
  int64_t first = 0;
  for (const CallInput& call : calls) {
    outcomes.push_back(outcome_of(call, all, first));
    first += call.request->images.count();
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

}  // namespace

bool run_alike(const ForwardRequest& a, const ForwardRequest& b) {
  if (a.profile || b.profile || a.wanted != b.wanted) return false;
  const pictures::StagedPictures& some = a.images.pictures;
  const pictures::StagedPictures& others = b.images.pictures;
  if (some.empty() != others.empty()) return false;
  // A call's pictures are all of one kind.
  if (!some.empty()) return pictures::become_alike(*some.front(), *others.front());
  const at::Tensor& x = a.images.pixel_values.first();
  const at::Tensor& y = b.images.pixel_values.first();
  return x.dim() == 4 && y.dim() == 4 && x.sizes().slice(1) == y.sizes().slice(1) &&
         x.scalar_type() == y.scalar_type();
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

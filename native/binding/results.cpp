// Object by object: every property costs time, so what is not there is left out.
#include "binding/results.h"

#include <cmath>

#include "binding/tensors.h"
#include "binding/values.h"

namespace bigtransfer::binding {
namespace {

Napi::Array from_layer_times(Napi::Env env, const std::vector<model::LayerTime>& layers) {
  return from_vector(env, layers, [&](const model::LayerTime& layer) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", layer.name);
    row.Set("milliseconds", layer.milliseconds);
    row.Set("multiplyAdds", static_cast<double>(layer.multiply_adds));
    return row;
  });
}

Napi::Array from_tensors(Napi::Env env, const std::vector<at::Tensor>& tensors) {
  return from_vector(env, tensors, [&](const at::Tensor& each) { return from_tensor(env, each); });
}

}  // namespace

Napi::Object from_forward_result(Napi::Env env, const runtime::ForwardResult& result) {
  Napi::Object object = Napi::Object::New(env);
  const auto set_tensor = [&](const char* name, const at::Tensor& tensor) {
    if (tensor.defined()) object.Set(name, from_tensor(env, tensor));
  };
  set_tensor("lastHiddenState", result.run.last_hidden_state);
  set_tensor("poolerOutput", result.run.pooler_output);
  set_tensor("logits", result.run.logits);
  set_tensor("loss", result.loss);
  const auto set_tensors = [&](const char* name, const std::vector<at::Tensor>& tensors) {
    if (!tensors.empty()) object.Set(name, from_tensors(env, tensors));
  };
  set_tensors("hiddenStates", result.run.hidden_states);
  set_tensors("featureMaps", result.run.feature_maps);
  if (!result.layers.empty()) object.Set("layers", from_layer_times(env, result.layers));
  if (!result.warnings.empty()) object.Set("warnings", from_strings(env, result.warnings));
  Napi::Object times = Napi::Object::New(env);
  times.Set("queuedMs", result.times.queued_ms);
  times.Set("computedMs", result.times.computed_ms);
  times.Set("batchCalls", static_cast<double>(result.times.batch_calls));
  times.Set("batchImages", static_cast<double>(result.times.batch_images));
  times.Set("first", result.times.first);
  object.Set("times", times);
  return object;
}

Napi::Object from_session_stats(Napi::Env env, const runtime::SessionStats& stats) {
  const auto count = [&](uint64_t number) {
    return Napi::Number::New(env, static_cast<double>(number));
  };
  Napi::Object object = Napi::Object::New(env);
  object.Set("waiting", count(stats.waiting));
  object.Set("running", count(stats.running));
  object.Set("completed", count(stats.calls.completed));
  object.Set("failed", count(stats.calls.failed));
  object.Set("cancelled", count(stats.calls.cancelled));
  object.Set("rejected", count(stats.calls.rejected));
  object.Set("bytes", count(static_cast<uint64_t>(stats.bytes)));
  Napi::Array batches = Napi::Array::New(env);
  for (const auto& [images, times] : stats.calls.batches) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("images", count(static_cast<uint64_t>(images)));
    row.Set("count", count(times));
    batches.Set(batches.Length(), row);
  }
  object.Set("batches", batches);
  Napi::Array buckets = Napi::Array::New(env);
  for (size_t i = 0; i < stats.calls.latency.size(); ++i) {
    Napi::Object row = Napi::Object::New(env);
    const bool is_last = i == runtime::kLatencyBounds.size();
    row.Set("upToMs", is_last ? INFINITY : runtime::kLatencyBounds.at(i));
    row.Set("count", count(stats.calls.latency.at(i)));
    buckets.Set(buckets.Length(), row);
  }
  object.Set("latency", buckets);
  object.Set("latencyTotalMs", stats.calls.latency_total_ms);
  return object;
}

Napi::Object from_loading_info(Napi::Env env, const model::LoadingInfo& info) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("missingKeys", from_strings(env, info.missing));
  object.Set("unexpectedKeys", from_strings(env, info.unexpected));
  object.Set("mismatchedKeys",
             from_vector(env, info.mismatched, [&](const model::MismatchedKey& key) {
               Napi::Object row = Napi::Object::New(env);
               row.Set("name", key.name);
               row.Set("checkpointShape", from_ints(env, key.checkpoint_shape));
               row.Set("modelShape", from_ints(env, key.model_shape));
               return row;
             }));
  return object;
}

Napi::Array from_costs(Napi::Env env, const std::vector<model::StageCost>& rows) {
  return from_vector(env, rows, [&](const model::StageCost& each) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", each.name);
    row.Set("outputShape", from_ints(env, each.output_shape));
    row.Set("parameters", Napi::Number::New(env, static_cast<double>(each.parameters)));
    row.Set("multiplyAdds", Napi::Number::New(env, static_cast<double>(each.multiply_adds)));
    return row;
  });
}

}  // namespace bigtransfer::binding

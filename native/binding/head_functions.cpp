// A NativeHeadFitter is an object of functions that share the fitter; each starts one job.
#include "binding/head_functions.h"

#include <memory>

#include "binding/hold.h"
#include "binding/job.h"
#include "binding/requests.h"
#include "binding/tensors.h"
#include "binding/values.h"
#include "training/head_fitter.h"
#include "training/linear.h"
#include "training/new_head.h"

namespace bigtransfer::binding {
namespace {

using training::HeadFitter;
using HeadHold = Hold<HeadFitter>;

Napi::Value put(const Napi::CallbackInfo& info, const HeadHold& hold) {
  return start_silent(Client::of(info), [fitter = hold.get(), first = to_int(info[0]),
                                         rows = to_tensor(info[1])] { fitter->put(first, rows); });
}

/// A job that ends with what `method` of the fitter returns.
template <typename Result, typename Convert>
Napi::Value start(const Napi::CallbackInfo& info, const HeadHold& hold,
                  Result (HeadFitter::*method)(const training::HeadFitRequest&,
                                               const HeadFitter::Between&),
                  Convert convert) {
  const auto request = to_head_fit_request(info[0].As<Napi::Object>());
  const auto work = [fitter = hold.get(), request, method](const runtime::CancelToken& token) {
    return ((*fitter).*method)(request, [&token] { token.throw_if_cancelled(); });
  };
  return start_job<Result>(Client::of(info), Napi::Number::New(info.Env(), 0), hold.threads(), work,
                           convert);
}

Napi::Value from_score(Napi::Env env, training::FoldScore& score) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("examples", Napi::Number::New(env, static_cast<double>(score.examples)));
  object.Set("meanLoss", Napi::Number::New(env, score.mean_loss));
  object.Set("hits", Napi::Number::New(env, static_cast<double>(score.hits)));
  return object;
}

Napi::Value from_head(Napi::Env env, training::FittedHead& head) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("weight", from_tensor(env, head.weight));
  object.Set("bias", from_tensor(env, head.bias));
  object.Set("meanLoss", Napi::Number::New(env, head.mean_loss));
  object.Set("iterations", Napi::Number::New(env, head.iterations));
  return object;
}

Napi::Value score(const Napi::CallbackInfo& info, const HeadHold& hold) {
  return start(info, hold, &HeadFitter::score, from_score);
}

Napi::Value fit(const Napi::CallbackInfo& info, const HeadHold& hold) {
  return start(info, hold, &HeadFitter::fit, from_head);
}

}  // namespace

Napi::Value open_head_fitter(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const Napi::Object value = info[0].As<Napi::Object>();
    const int threads = static_cast<int>(to_int(value["threads"]));
    const Client& client = Client::of(info);
    const auto hold = std::make_shared<HeadHold>(
        std::make_shared<HeadFitter>(to_head_fitter_request(value)), threads, "The fit of a head");
    Napi::Object object = Napi::Object::New(info.Env());
    define_function(client, object, "put", hold, put);
    define_function(client, object, "score", hold, score);
    define_function(client, object, "fit", hold, fit);
    define_dispose(client, object, hold);
    return object;
  });
}

Napi::Value head_outputs(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const Napi::Object value = info[0].As<Napi::Object>();
    const training::Linear head{to_tensor(value["weight"]), to_tensor(value["bias"])};
    return start_promise<at::Tensor>(
        Client::of(info), 1,
        [head, rows = to_tensor(value["features"])](const runtime::CancelToken&) {
          return training::outputs_of(head, rows);
        },
        [](Napi::Env env, at::Tensor& outputs) -> Napi::Value {
          return from_tensor(env, outputs);
        });
  });
}

Napi::Value save_with_head(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const Napi::Object value = info[0].As<Napi::Object>();
    return start_silent(Client::of(info),
                        [request = to_new_head_request(value), path = to_string(value["path"])] {
                          training::save_with_head(request, path);
                        });
  });
}

}  // namespace bigtransfer::binding

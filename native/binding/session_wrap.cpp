// Each method copies its arguments out of JavaScript and starts one job.
#include "binding/session_wrap.h"

#include "binding/async_task.h"
#include "binding/convert.h"
#include "binding/environment.h"
#include "binding/job.h"

namespace bigtransfer::binding {

using runtime::CancelToken;
using runtime::Session;

void SessionWrap::define(Napi::Env env) {
  const Napi::Function constructor = DefineClass(
      env, "NativeSession",
      {InstanceMethod<&SessionWrap::forward>("forward"),
       InstanceMethod<&SessionWrap::state_dict>("stateDict"),
       InstanceMethod<&SessionWrap::save>("save"), InstanceMethod<&SessionWrap::dispose>("dispose"),
       InstanceAccessor<&SessionWrap::device>("device"),
       InstanceAccessor<&SessionWrap::dtype>("dtype"),
       InstanceAccessor<&SessionWrap::loading_info>("loadingInfo")});
  Environment::of(env).set_session(constructor);
}

SessionWrap::SessionWrap(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SessionWrap>(info), handle_(*info[0].As<Napi::External<Handle>>().Data()) {}

Napi::Value SessionWrap::load(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto object = info[0].As<Napi::Object>();
    const runtime::LoadRequest request = to_load_request(object);
    const int threads = object.Get("threads").As<Napi::Number>().Int32Value();
    using Loaded = std::shared_ptr<Session>;
    return AsyncTask<Loaded>::start(
        info.Env(), threads, job_token(info.Env()),
        [request](const CancelToken&) { return Session::load(request); },
        [threads](Napi::Env env, Loaded& session) -> Napi::Value {
          Handle handle{session, session->on_gpu() ? runtime::kOnDevice : threads};
          return Environment::of(env).session().New({Napi::External<Handle>::New(env, &handle)});
        });
  });
}

Napi::Value SessionWrap::forward(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    auto request = std::make_shared<const runtime::ForwardRequest>(
        to_forward_request(info[0].As<Napi::Object>()));
    return start_job<runtime::ForwardResult>(
        info.Env(), handle_.threads,
        [session = handle_.session, request](const CancelToken& token) {
          return session->forward(*request, token);
        },
        from_forward_result);
  });
}

Napi::Value SessionWrap::state_dict(const Napi::CallbackInfo& info) {
  using Tensors = std::vector<std::pair<std::string, at::Tensor>>;
  return guarded(info.Env(), [&]() -> Napi::Value {
    return AsyncTask<Tensors>::start(
        info.Env(), 1, job_token(info.Env()),
        [session = handle_.session](const CancelToken&) { return session->state_dict(); },
        [](Napi::Env env, Tensors& tensors) -> Napi::Value {
          Napi::Array rows = Napi::Array::New(env, tensors.size());
          for (uint32_t i = 0; i < tensors.size(); ++i) {
            Napi::Object row = Napi::Object::New(env);
            row.Set("name", tensors[i].first);
            row.Set("tensor", from_tensor(env, tensors[i].second));
            rows.Set(i, row);
          }
          return rows;
        });
  });
}

Napi::Value SessionWrap::save(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::string path = info[0].As<Napi::String>().Utf8Value();
    return start_silent(info.Env(), [session = handle_.session, path] { session->save(path); });
  });
}

Napi::Value SessionWrap::dispose(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_silent(info.Env(), [session = handle_.session] { session->dispose(); });
  });
}

Napi::Value SessionWrap::device(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), handle_.session->device());
}

Napi::Value SessionWrap::dtype(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), handle_.session->dtype());
}

Napi::Value SessionWrap::loading_info(const Napi::CallbackInfo& info) {
  return from_loading_info(info.Env(), handle_.session->loading_info());
}

}  // namespace bigtransfer::binding

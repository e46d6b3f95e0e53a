// Each method copies its arguments out of JavaScript and starts one job.
#include "binding/session_wrap.h"

#include "binding/async_task.h"
#include "binding/environment.h"
#include "binding/job.h"
#include "binding/requests.h"
#include "binding/results.h"
#include "binding/tensors.h"
#include "binding/values.h"

namespace bigtransfer::binding {

using runtime::CancelToken;
using runtime::ForwardResult;
using runtime::Session;

namespace {

AsyncTask<ForwardResult>::End to_end(runtime::Outcome outcome) {
  try {
    if (const auto* thrown = std::get_if<std::exception_ptr>(&outcome))
      std::rethrow_exception(*thrown);
    return std::get<ForwardResult>(std::move(outcome));
  } catch (const runtime::Cancelled& cancelled) {
    return cancelled;
  } catch (...) {
    return current_failure();
  }
}

}  // namespace

void SessionWrap::define(Client& client) {
  constexpr napi_property_attributes kPlain = napi_default;
  const Napi::Function constructor =
      DefineClass(client.env(), "NativeSession",
                  {InstanceMethod<&SessionWrap::forward>("forward", kPlain, &client),
                   InstanceMethod<&SessionWrap::share>("share", kPlain, &client),
                   InstanceMethod<&SessionWrap::stats>("stats", kPlain, &client),
                   InstanceMethod<&SessionWrap::state_dict>("stateDict", kPlain, &client),
                   InstanceMethod<&SessionWrap::parameter_rows>("parameterRows", kPlain, &client),
                   InstanceMethod<&SessionWrap::save>("save", kPlain, &client),
                   InstanceMethod<&SessionWrap::dispose>("dispose", kPlain, &client),
                   InstanceAccessor<&SessionWrap::device>("device"),
                   InstanceAccessor<&SessionWrap::dtype>("dtype"),
                   InstanceAccessor<&SessionWrap::description>("description"),
                   InstanceAccessor<&SessionWrap::loading_info>("loadingInfo")},
                  &client);
  client.set_session(constructor);
}

SessionWrap::SessionWrap(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SessionWrap>(info), session_(Client::of(info).take_opened()) {
  if (!session_) throw Napi::TypeError::New(info.Env(), "Sessions are made by load()");
  account(info.Env(), session_->bytes());
}

void SessionWrap::Finalize(Napi::Env env) { account(env, 0); }

void SessionWrap::account(Napi::Env env, int64_t bytes) {
  Napi::MemoryManagement::AdjustExternalMemory(env, bytes - accounted_);
  accounted_ = bytes;
}

Napi::Object SessionWrap::wrap(Client& client, std::shared_ptr<Session> session) {
  client.set_opened(std::move(session));
  return client.session().New({});
}

Napi::Value SessionWrap::load(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const runtime::LoadRequest request = to_load_request(info[0].As<Napi::Object>());
    using Loaded = std::shared_ptr<Session>;
    Client& client = Client::of(info);
    return start_promise<Loaded>(
        client, request.threads, [request](const CancelToken&) { return Session::load(request); },
        [&client](Napi::Env, Loaded& session) -> Napi::Value { return wrap(client, session); });
  });
}

Napi::Value SessionWrap::open_shared(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    return wrap(Client::of(info), Session::open_shared(info[0].As<Napi::String>().Utf8Value()));
  });
}

Napi::Value SessionWrap::forward(const Napi::CallbackInfo& info) {
  using Task = AsyncTask<ForwardResult>;
  return guarded(info, [&]() -> Napi::Value {
    // Before anything is copied.
    session_->expect_room();
    // The buffers of the calls before may have grown.
    account(info.Env(), session_->bytes());
    runtime::ForwardRequest request = to_forward_request(info[0].As<Napi::Object>());
    const auto control = std::make_shared<JobControl>();
    Task* task = Task::open(Client::of(info), control, from_forward_result);
    const Job job = task->job();
    try {
      control->set_withdraw(session_->forward(
          std::move(request), control->token(),
          [task](runtime::Outcome outcome) { task->finish(to_end(std::move(outcome))); }));
    } catch (...) {
      task->finish(current_failure());
    }
    // Last, since it fails where the worker is being terminated.
    return to_object(Client::of(info), job);
  });
}

Napi::Value SessionWrap::share(const Napi::CallbackInfo& info) {
  return guarded(info,
                 [&]() -> Napi::Value { return Napi::String::New(info.Env(), session_->share()); });
}

Napi::Value SessionWrap::stats(const Napi::CallbackInfo& info) {
  return guarded(
      info, [&]() -> Napi::Value { return from_session_stats(info.Env(), session_->stats()); });
}

Napi::Value SessionWrap::state_dict(const Napi::CallbackInfo& info) {
  using Tensors = std::vector<std::pair<std::string, at::Tensor>>;
  return guarded(info, [&]() -> Napi::Value {
    return start_promise<Tensors>(
        Client::of(info), 1,
        [pin = session_->pin()](const CancelToken&) { return Session::state_dict(pin); },
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

Napi::Value SessionWrap::parameter_rows(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    return start_promise<at::Tensor>(
        Client::of(info), 1,
        [pin = session_->pin(), name = to_string(info[0]), rows = to_ints(info[1])](
            const CancelToken&) { return Session::parameter_rows(pin, name, rows); },
        [](Napi::Env env, at::Tensor& rows) -> Napi::Value { return from_tensor(env, rows); });
  });
}

Napi::Value SessionWrap::save(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const std::string path = info[0].As<Napi::String>().Utf8Value();
    return start_silent(Client::of(info),
                        [pin = session_->pin(), path] { Session::save(pin, path); });
  });
}

Napi::Value SessionWrap::dispose(const Napi::CallbackInfo& info) {
  using Task = AsyncTask<Nothing>;
  return guarded(info, [&]() -> Napi::Value {
    account(info.Env(), 0);
    // Waits on no thread: the calls in flight may need all of them.
    Task* task = Task::open(Client::of(info), std::make_shared<JobControl>(),
                            [](Napi::Env env, Nothing&) { return env.Undefined(); });
    const Job job = task->job();
    session_->dispose([task] { task->finish(Nothing{}); });
    return job.promise;
  });
}

Napi::Value SessionWrap::device(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), session_->device());
}

Napi::Value SessionWrap::dtype(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), session_->dtype());
}

Napi::Value SessionWrap::description(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), session_->description());
}

Napi::Value SessionWrap::loading_info(const Napi::CallbackInfo& info) {
  return from_loading_info(info.Env(), session_->loading_info());
}

}  // namespace bigtransfer::binding

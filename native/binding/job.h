// Shorthands over AsyncTask: guarded calls, cancellable jobs and jobs without a result.
#pragma once

#include <napi.h>

#include <utility>

#include "binding/async_task.h"
#include "binding/environment.h"

namespace bigtransfer::binding {

/// Runs `body`, turning C++ exceptions into thrown BitErrors; JavaScript's own pass through.
template <typename Body>
auto guarded(const Client& client, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw_bit_error(client, current_failure());
  }
}

/// For the body of one of the addon's functions.
template <typename Body>
auto guarded(const Napi::CallbackInfo& info, Body body) -> decltype(body()) {
  return guarded(Client::of(info), std::move(body));
}

/// The `cancel` of all NativeJobs: making a function for each would cost more than all the rest.
inline void cancel_job(const Napi::CallbackInfo& info) {
  const Napi::Value number = info.This().As<Napi::Object>().Get("number");
  Client::of(info).mailbox()->cancel(number.As<Napi::Number>().Int64Value());
}

/// A NativeJob of lib/binding/types.ts: `{ promise, number, cancel() }`.
inline Napi::Object to_object(const Client& client, const Job& job) {
  const Napi::Env env = client.env();
  Napi::Object object = Napi::Object::New(env);
  object.Set("promise", job.promise);
  object.Set("number", Napi::Number::New(env, static_cast<double>(job.number)));
  object.Set("cancel", client.cancel());
  return object;
}

/// A NativeJob for a job of `width` threads; `priority` is a number of JavaScript's.
template <typename Result, typename Work, typename Convert>
Napi::Object start_job(const Client& client, Napi::Value priority, int width, Work work,
                       Convert convert) {
  const int rank = priority.As<Napi::Number>().Int32Value();
  return to_object(client, AsyncTask<Result>::start(client, width, rank, std::move(work), convert));
}

/// A promise for a job of `width` threads.
template <typename Result, typename Work, typename Convert>
Napi::Promise start_promise(const Client& client, int width, Work work, Convert convert) {
  return AsyncTask<Result>::start(client, width, /*priority=*/0, std::move(work), convert).promise;
}

/// A promise of undefined for a job of one thread.
template <typename Work>
Napi::Promise start_silent(const Client& client, Work work) {
  const auto task = [work](const runtime::CancelToken&) {
    work();
    return Nothing{};
  };
  const auto convert = [](Napi::Env settled, Nothing&) { return settled.Undefined(); };
  return start_promise<Nothing>(client, 1, task, convert);
}

}  // namespace bigtransfer::binding

// Shorthands over AsyncTask: guarded calls, cancellable jobs and jobs without a result.
#pragma once

#include <napi.h>

#include <utility>

#include "binding/async_task.h"
#include "binding/environment.h"

namespace bigtransfer::binding {

/// Runs `body`, turning C++ exceptions into thrown BitErrors; JavaScript's own pass through.
template <typename Body>
auto guarded(Napi::Env env, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw_bit_error(env, current_failure());
  }
}

/// The `cancel` of all NativeJobs: making a function for each would cost more than all the rest.
inline void cancel_job(const Napi::CallbackInfo& info) {
  const Napi::Value number = info.This().As<Napi::Object>().Get("number");
  Environment::of(info.Env()).mailbox()->cancel(number.As<Napi::Number>().Int64Value());
}

/// A NativeJob of lib/binding/types.ts: `{ promise, number, cancel() }`.
inline Napi::Object to_object(const Job& job) {
  const Napi::Env env = job.promise.Env();
  Napi::Object object = Napi::Object::New(env);
  object.Set("promise", job.promise);
  object.Set("number", Napi::Number::New(env, static_cast<double>(job.number)));
  object.Set("cancel", Environment::of(env).cancel());
  return object;
}

/// A NativeJob for a job of `width` threads; `priority` is a number of JavaScript's.
template <typename Result, typename Work, typename Convert>
Napi::Object start_job(Napi::Value priority, int width, Work work, Convert convert) {
  const int rank = priority.As<Napi::Number>().Int32Value();
  return to_object(AsyncTask<Result>::start(priority.Env(), width, rank, std::move(work), convert));
}

/// A promise for a job of `width` threads.
template <typename Result, typename Work, typename Convert>
Napi::Promise start_promise(Napi::Env env, int width, Work work, Convert convert) {
  return AsyncTask<Result>::start(env, width, /*priority=*/0, std::move(work), convert).promise;
}

/// A promise of undefined for a job of one thread.
template <typename Work>
Napi::Promise start_silent(Napi::Env env, Work work) {
  const auto task = [work](const runtime::CancelToken&) {
    work();
    return Nothing{};
  };
  const auto convert = [](Napi::Env settled, Nothing&) { return settled.Undefined(); };
  return start_promise<Nothing>(env, 1, task, convert);
}

}  // namespace bigtransfer::binding

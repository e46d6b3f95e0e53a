// Shorthands over AsyncTask: guarded calls, cancellable jobs and jobs without a result.
#pragma once

#include <napi.h>

#include <memory>
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

/// What a NativeJob's object holds.
using HeldControl = std::shared_ptr<JobControl>;

/// The `cancel` of all NativeJobs: making a function for each would cost more than all the rest.
inline void cancel_job(const Napi::CallbackInfo& info) {
  void* held = nullptr;
  if (napi_unwrap(info.Env(), info.This(), &held) == napi_ok)
    (*static_cast<HeldControl*>(held))->cancel();
}

/// A NativeJob of lib/binding/types.ts: `{ promise, cancel() }`.
inline Napi::Object to_job(Napi::Promise promise, const std::shared_ptr<JobControl>& control) {
  const Napi::Env env = promise.Env();
  Napi::Object job = Napi::Object::New(env);
  job.Set("promise", promise);
  job.Set("cancel", Environment::of(env).cancel());
  auto held = std::make_unique<HeldControl>(control);
  const auto release = [](napi_env, void* last, void*) { delete static_cast<HeldControl*>(last); };
  NAPI_THROW_IF_FAILED(env, napi_wrap(env, job, held.get(), release, nullptr, nullptr), job);
  held.release();  // to the garbage collector
  return job;
}

/// A NativeJob for a job of `width` threads.
template <typename Result, typename Work, typename Convert>
Napi::Object start_job(Napi::Env env, int width, Work work, Convert convert) {
  const auto control = std::make_shared<JobControl>();
  return to_job(AsyncTask<Result>::start(env, width, control, std::move(work), convert), control);
}

/// A promise of undefined for a job of one thread.
template <typename Work>
Napi::Promise start_silent(Napi::Env env, Work work) {
  return AsyncTask<Nothing>::start(
      env, 1, std::make_shared<JobControl>(),
      [work](const runtime::CancelToken&) {
        work();
        return Nothing{};
      },
      [](Napi::Env settled, Nothing&) { return settled.Undefined(); });
}

}  // namespace bigtransfer::binding

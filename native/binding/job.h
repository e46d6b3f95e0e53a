// Shorthands over AsyncTask: guarded calls, cancellable jobs and jobs without a result.
#pragma once

#include <napi.h>

#include <utility>

#include "binding/async_task.h"

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

/// A NativeJob of lib/binding/types.ts: `{ promise, cancel() }`.
inline Napi::Object to_job(Napi::Promise promise, const std::shared_ptr<JobControl>& control) {
  const Napi::Env env = promise.Env();
  Napi::Object job = Napi::Object::New(env);
  job.Set("promise", promise);
  job.Set("cancel",
          Napi::Function::New(env, [control](const Napi::CallbackInfo&) { control->cancel(); }));
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

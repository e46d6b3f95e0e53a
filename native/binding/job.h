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

/// Cancelled by itself or with its environment.
inline runtime::CancelToken job_token(Napi::Env env) {
  return Environment::of(env).mailbox()->closing().child();
}

/// A NativeJob of lib/binding/types.ts: `{ promise, cancel() }`.
template <typename Result, typename Work, typename Convert>
Napi::Object start_job(Napi::Env env, int width, Work work, Convert convert) {
  runtime::CancelToken token = job_token(env);
  Napi::Object job = Napi::Object::New(env);
  job.Set("promise", AsyncTask<Result>::start(env, width, token, std::move(work), convert));
  job.Set("cancel",
          Napi::Function::New(env, [token](const Napi::CallbackInfo&) mutable { token.cancel(); }));
  return job;
}

/// A promise of undefined for a job of one thread.
template <typename Work>
Napi::Promise start_silent(Napi::Env env, Work work) {
  return AsyncTask<Nothing>::start(
      env, 1, job_token(env),
      [work](const runtime::CancelToken&) {
        work();
        return Nothing{};
      },
      [](Napi::Env settled, Nothing&) { return settled.Undefined(); });
}

}  // namespace bigtransfer::binding

// The one way from JavaScript to a compute thread and back: a promise settled by a worker.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "binding/errors.h"
#include "runtime/cancel.h"
#include "runtime/executor.h"

namespace bigtransfer::binding {

/// Runs `work` on the executor and settles a promise with what `convert` makes of its result. The
/// environment stays alive while the job runs; when it is torn down first, the result is dropped.
template <typename Result>
class AsyncTask {
 public:
  using Work = std::function<Result(const runtime::CancelToken&)>;
  using Convert = std::function<Napi::Value(Napi::Env, Result&)>;

  /// Starts a job of `width` threads (0: all) and returns its promise. Cancelling `token` makes it
  /// reject as soon as the job notices; the caller is expected to have rejected its own promise.
  static Napi::Promise start(Napi::Env env, int width, runtime::CancelToken token, Work work,
                             Convert convert) {
    auto* task = new AsyncTask(env, std::move(token), std::move(work), std::move(convert));
    const Napi::Promise promise = task->deferred_.Promise();
    const Napi::Value name = Napi::String::New(env, "bigtransfer");
    const napi_status status = napi_create_threadsafe_function(
        env, nullptr, nullptr, name, /*max_queue_size=*/0, /*initial_thread_count=*/1, nullptr,
        nullptr, nullptr, &AsyncTask::on_main, &task->settle_);
    if (status != napi_ok) {
      delete task;
      throw Napi::Error::New(env, "Could not start a native job");
    }
    runtime::Executor::instance().submit(width, [task] { task->run(); });
    return promise;
  }

 private:
  AsyncTask(Napi::Env env, runtime::CancelToken token, Work work, Convert convert)
      : deferred_(Napi::Promise::Deferred::New(env)),
        token_(std::move(token)),
        work_(std::move(work)),
        convert_(std::move(convert)) {}

  void run() {
    try {
      token_.throw_if_cancelled();
      outcome_ = work_(token_);
    } catch (const runtime::Cancelled&) {
      outcome_ = runtime::Cancelled();
    } catch (...) {
      outcome_ = current_failure();
    }
    // Tensors and models that the job held must not wait for the garbage collector.
    work_ = nullptr;
    const napi_threadsafe_function settle = settle_;
    if (napi_call_threadsafe_function(settle, this, napi_tsfn_nonblocking) == napi_ok) {
      napi_release_threadsafe_function(settle, napi_tsfn_release);
    } else {
      delete this;  // the environment is gone, and with it whoever waited
    }
  }

  static void on_main(napi_env env, napi_value, void*, void* data) {
    const std::unique_ptr<AsyncTask> task(static_cast<AsyncTask*>(data));
    if (env == nullptr) return;
    const Napi::Env napi_env(env);
    const Napi::HandleScope scope(napi_env);
    task->settle(napi_env);
  }

  void settle(Napi::Env env) {
    try {
      if (auto* result = std::get_if<Result>(&outcome_)) {
        deferred_.Resolve(convert_(env, *result));
      } else if (const auto* failure = std::get_if<Failure>(&outcome_)) {
        deferred_.Reject(to_bit_error(env, *failure));
      } else {
        deferred_.Reject(env.Undefined());
      }
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    } catch (...) {
      deferred_.Reject(to_bit_error(env, current_failure()));
    }
  }

  Napi::Promise::Deferred deferred_;
  runtime::CancelToken token_;
  Work work_;
  Convert convert_;
  std::variant<runtime::Cancelled, Failure, Result> outcome_;
  napi_threadsafe_function settle_ = nullptr;
};

/// For jobs that have nothing to return.
struct Nothing {};

}  // namespace bigtransfer::binding

// The one way from JavaScript to a compute thread and back: a promise settled by a worker.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "binding/environment.h"
#include "binding/errors.h"
#include "binding/mailbox.h"
#include "runtime/cancel.h"
#include "runtime/executor.h"

namespace bigtransfer::binding {

/// Runs `work` on the executor and settles a promise with what `convert` makes of its result. When
/// the environment ends first, the job is cancelled and its result dropped.
template <typename Result>
class AsyncTask final : public Letter {
 public:
  using Work = std::function<Result(const runtime::CancelToken&)>;
  using Convert = std::function<Napi::Value(Napi::Env, Result&)>;

  /// Starts a job of `width` threads (0: all) and returns its promise. Cancelling `token`, a child
  /// of the mailbox's, makes it reject as soon as the job notices; the caller is expected to have
  /// rejected its own promise.
  static Napi::Promise start(Napi::Env env, int width, runtime::CancelToken token, Work work,
                             Convert convert) {
    std::shared_ptr<Mailbox> mailbox = Environment::of(env).mailbox();
    mailbox->expect(env);
    auto* task = new AsyncTask(env, std::move(token), std::move(work), std::move(convert));
    const Napi::Promise promise = task->deferred_.Promise();
    runtime::Executor::instance().submit(width, [task, mailbox] {
      task->run();
      mailbox->post(std::unique_ptr<Letter>(task));
    });
    return promise;
  }

  void deliver(Napi::Env env) override {
    try {
      settle(env);
    } catch (const Napi::Error&) {
      // JavaScript is being terminated: nobody is left to hear of it.
    }
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
    // Tensors and models that the job held must not wait for the event loop.
    work_ = nullptr;
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
};

/// For jobs that have nothing to return.
struct Nothing {};

}  // namespace bigtransfer::binding

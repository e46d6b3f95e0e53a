// The one way from JavaScript to a compute thread and back: a promise settled by a worker.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <utility>
#include <variant>

#include "binding/environment.h"
#include "binding/errors.h"
#include "binding/job_control.h"
#include "binding/mailbox.h"
#include "runtime/cancel.h"
#include "runtime/executor.h"

namespace bigtransfer::binding {

/// What JavaScript knows a task by: the promise, and the number at the mailbox for cancelling.
struct Job {
  Napi::Promise promise;
  int64_t number;
};

/// A promise and what is to become of it. When the environment ends first, the job is cancelled and
/// its result dropped.
template <typename Result>
class AsyncTask final : public Letter {
 public:
  using End = std::variant<runtime::Cancelled, Failure, Result>;
  using Work = std::function<Result(const runtime::CancelToken&)>;
  using Convert = std::function<Napi::Value(Napi::Env, Result&)>;

  /// A task that ends by finish(), and must. `control` can stop it.
  static AsyncTask* open(const Client& client, std::shared_ptr<JobControl> control,
                         Convert convert) {
    // First, since it fails where the worker is being terminated; what is expected must come.
    std::unique_ptr<AsyncTask> task(new AsyncTask(client, std::move(convert)));
    task->number_ = client.mailbox()->expect(client.env(), std::move(control));
    return task.release();
  }

  /// Runs `work` on `width` compute threads (0: all) and settles a promise with what `convert`
  /// makes of its result. Jobs of a higher priority start first. Cancelling makes it reject as soon
  /// as the job notices; the caller is expected to have rejected its own promise.
  static Job start(const Client& client, int width, int priority, Work work, Convert convert) {
    const auto control = std::make_shared<JobControl>();
    AsyncTask* task = open(client, control, std::move(convert));
    const Job job = task->job();
    runtime::Executor& executor = runtime::Executor::instance();
    const auto place = executor.reserve(priority);
    control->set_withdraw([place, task] {
      if (runtime::Executor::instance().remove(place)) task->finish(runtime::Cancelled());
    });
    try {
      executor.submit(place, {width, [task, control, work = std::move(work)]() mutable {
                                End end = end_of(work, control->token());
                                // Tensors and models that the job held must not wait for the event
                                // loop.
                                work = nullptr;
                                task->finish(std::move(end));
                              }});
    } catch (...) {
      task->finish(current_failure());
    }
    return job;
  }

  Job job() const { return {deferred_.Promise(), number_}; }

  /// Sends the outcome to JavaScript; from any thread, once. The task is not to be touched then.
  void finish(End end) {
    end_ = std::move(end);
    // Taken out first: the task may be delivered, and gone, before post() returns.
    const std::shared_ptr<Mailbox> mailbox = std::move(mailbox_);
    mailbox->post(std::unique_ptr<Letter>(this), number_);
  }

  void deliver(Napi::Env env) override {
    try {
      settle(env);
    } catch (const Napi::Error&) {
      // JavaScript is being terminated: nobody is left to hear of it.
    }
  }

 private:
  AsyncTask(const Client& client, Convert convert)
      : client_(client),
        deferred_(Napi::Promise::Deferred::New(client.env())),
        mailbox_(client.mailbox()),
        convert_(std::move(convert)) {}

  static End end_of(const Work& work, const runtime::CancelToken& token) {
    try {
      token.throw_if_cancelled();
      return work(token);
    } catch (const runtime::Cancelled&) {
      return runtime::Cancelled();
    } catch (...) {
      return current_failure();
    }
  }

  void settle(Napi::Env env) {
    try {
      if (auto* result = std::get_if<Result>(&end_)) {
        deferred_.Resolve(convert_(env, *result));
      } else if (const auto* failure = std::get_if<Failure>(&end_)) {
        deferred_.Reject(to_bit_error(client_, *failure));
      } else {
        deferred_.Reject(env.Undefined());
      }
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    } catch (...) {
      deferred_.Reject(to_bit_error(client_, current_failure()));
    }
  }

  /// Outlives all that is delivered in its environment.
  const Client& client_;
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<Mailbox> mailbox_;
  /// Its job's at the mailbox.
  int64_t number_ = 0;
  Convert convert_;
  End end_;
};

/// For jobs that have nothing to return.
struct Nothing {};

}  // namespace bigtransfer::binding

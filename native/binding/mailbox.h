// How jobs that have ended on compute threads get back to their JavaScript environment.
#pragma once

#include <napi.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "binding/job_control.h"

namespace bigtransfer::binding {

/// What a job brings to the JavaScript thread.
class Letter {
 public:
  virtual ~Letter() = default;
  /// Runs on the JavaScript thread, within a handle scope.
  virtual void deliver(Napi::Env env) = 0;
};

/// One per environment. It keeps the event loop alive while jobs are out, and when the environment
/// ends it stops them first: neither the environment nor, at the end of the process, libtorch may
/// go away under a running job.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  /// Registers the end of the environment, too.
  static std::shared_ptr<Mailbox> open(Napi::Env env);

  /// Counts a job that will post; on the JavaScript thread. Throws when the environment is ending.
  void expect(Napi::Env env, std::shared_ptr<JobControl> job);

  /// Hands over the end of a job that was expected; from any thread, once for each.
  void post(std::unique_ptr<Letter> letter, const std::shared_ptr<JobControl>& job);

  /// Cancels the jobs that are out and waits until they have stopped; on the JavaScript thread.
  /// Their promises never settle. May be called again.
  void close();

 private:
  static void on_post(napi_env env, napi_value, void* mailbox, void* letter);
  void settled(Napi::Env env);

  /// Letters that are expected and not yet delivered; the JavaScript thread's alone.
  size_t awaited_ = 0;
  std::mutex mutex_;
  std::condition_variable all_posted_;
  /// Jobs that have not posted yet.
  std::unordered_set<std::shared_ptr<JobControl>> running_;
  napi_threadsafe_function post_ = nullptr;
};

}  // namespace bigtransfer::binding

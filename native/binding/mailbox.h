// How jobs that have ended on compute threads get back to their JavaScript environment.
#pragma once

#include <napi.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

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

  /// Counts a job that will post, and gives it a number; on the JavaScript thread. Throws when the
  /// environment is ending.
  int64_t expect(Napi::Env env, std::shared_ptr<JobControl> job);

  /// Hands over the end of a job that was expected; from any thread, once for each.
  void post(std::unique_ptr<Letter> letter, int64_t job);

  /// Cancels a job that has not posted yet; later it does nothing.
  void cancel(int64_t job);

  /// Cancels the jobs that are out and waits until they have stopped; on the JavaScript thread.
  /// Their promises never settle. May be called again.
  void close();

 private:
  static void on_post(napi_env env, napi_value, void* mailbox, void*);
  void deliver(Napi::Env env);
  void settled(Napi::Env env);

  /// Letters that are expected and not yet delivered; the JavaScript thread's alone.
  size_t awaited_ = 0;
  std::mutex mutex_;
  std::condition_variable all_posted_;
  /// Jobs that have not posted yet.
  std::unordered_map<int64_t, std::shared_ptr<JobControl>> running_;
  int64_t expected_ = 0;
  /// Posted and not yet delivered: those of a batch mostly wake the event loop once.
  std::vector<std::unique_ptr<Letter>> letters_;
  napi_threadsafe_function post_ = nullptr;
};

}  // namespace bigtransfer::binding

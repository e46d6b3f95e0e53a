// The process's compute threads: jobs in order of arrival, never wider together than the cores.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace bigtransfer::runtime {

/// One pool for the whole process, however many models, JavaScript environments and calls there
/// are. A job asks for a number of threads; it starts when that many are free, so that narrow jobs
/// run side by side and wide ones after each other.
class Executor {
 public:
  /// The process's executor. It is never destroyed: a job may outlive static destruction.
  static Executor& instance();

  /// Sets how many threads may compute at once; has no effect once a job has been submitted.
  void configure(int threads);
  int threads() const;

  /// Queues `job`, which must not throw. `width` 0 asks for all threads.
  void submit(int width, std::function<void()> job);

 private:
  struct Job {
    int width;
    std::function<void()> run;
  };
  struct Worker {
    std::condition_variable wake;
    std::unique_ptr<Job> job;
    bool busy = false;
  };

  Executor();
  /// Hands queued jobs to workers while threads are free; the lock is held.
  void dispatch();
  Worker& free_worker();
  void work(Worker& self);

  mutable std::mutex mutex_;
  std::deque<Job> queue_;
  std::vector<std::unique_ptr<Worker>> workers_;
  int threads_;
  int free_threads_;
};

}  // namespace bigtransfer::runtime

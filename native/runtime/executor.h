// The process's compute threads: jobs in order of arrival, never wider together than the cores.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace bigtransfer::runtime {

/// For submit(): the job waits for a GPU, and counts as no thread that computes.
inline constexpr int kOnDevice = -1;

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

  /// Queues `job`, which must not throw. `width` 0 asks for all threads; jobs kOnDevice have a line
  /// of their own, a few of them at a time.
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
  void start(std::deque<Job>& queue);
  Worker& free_worker();
  void work(Worker& self);

  mutable std::mutex mutex_;
  std::deque<Job> queue_;
  std::deque<Job> device_queue_;
  int device_jobs_ = 0;
  std::vector<std::unique_ptr<Worker>> workers_;
  int threads_;
  int free_threads_;
};

}  // namespace bigtransfer::runtime

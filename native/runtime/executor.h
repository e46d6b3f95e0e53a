// The process's compute threads: jobs in order of priority and arrival, never wider together than
// the cores.
#pragma once

#include <compare>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace bigtransfer::runtime {

/// A job's width: it waits for a GPU, and counts as no thread that computes.
inline constexpr int kOnDevice = -1;

/// One pool for the whole process, however many models, JavaScript environments and calls there
/// are. A job asks for a number of threads; it starts when that many are free, so that narrow jobs
/// run side by side and wide ones after each other.
class Executor {
 public:
  struct Job {
    /// Threads that it computes with; 0: all. Jobs kOnDevice have a line of their own, a few of
    /// them at a time.
    int width;
    /// Must not throw.
    std::function<void()> run;
  };
  /// A job's place in the queue.
  struct Place {
    /// The priority's negative: first things first.
    int rank;
    uint64_t number;
    auto operator<=>(const Place&) const = default;
  };

  /// The process's executor. It is never destroyed: a job may outlive static destruction.
  static Executor& instance();

  /// Sets how many threads may compute at once; has no effect once a job has been submitted.
  void configure(int threads);
  int threads() const;

  /// A place behind all others of the same priority; jobs of a higher one start first.
  Place reserve(int priority);
  /// Queues a job at a place that was reserved for it. Throws Error kOutOfMemory when the system
  /// gives the process no thread at all.
  void submit(const Place& place, Job job);
  /// Takes a job out of its line, with all that it holds; false when it has begun or ended.
  bool remove(const Place& place);

 private:
  using Queue = std::map<Place, Job>;
  struct Worker {
    std::condition_variable wake;
    std::unique_ptr<Job> job;
    bool busy = false;
  };

  Executor();
  /// Hands queued jobs to workers while threads are free; the lock is held.
  void dispatch();
  /// The first job of a line.
  static void start(Queue& queue, Worker& worker);
  /// Null when there is none and the system gives no thread for another: those that are busy will
  /// look into the queue when they are done.
  Worker* free_worker();
  void work(Worker& self);

  mutable std::mutex mutex_;
  Queue queue_;
  Queue device_queue_;
  uint64_t reserved_ = 0;
  int device_jobs_ = 0;
  std::vector<std::unique_ptr<Worker>> workers_;
  int threads_;
  int free_threads_;
};

}  // namespace bigtransfer::runtime

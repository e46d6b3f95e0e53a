// Worker threads, made on demand, at most one per core; each sets its own intra-op width.
#include "runtime/executor.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <thread>

namespace bigtransfer::runtime {

Executor& Executor::instance() {
  static auto* const executor = new Executor();
  return *executor;
}

Executor::Executor()
    : threads_(static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))),
      free_threads_(threads_) {}

void Executor::configure(int threads) {
  const std::lock_guard lock(mutex_);
  if (!workers_.empty() || threads < 1) return;
  threads_ = free_threads_ = threads;
}

int Executor::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_;
}

Executor::Place Executor::submit(Job job) {
  const std::lock_guard lock(mutex_);
  job.width = job.width < 1 ? threads_ : std::min(job.width, threads_);
  const Place place{-job.priority, submitted_++};
  queue_.emplace(place, std::move(job));
  dispatch();
  return place;
}

bool Executor::remove(const Place& place) {
  std::map<Place, Job>::node_type removed;  // what it holds is freed without the lock
  const std::lock_guard lock(mutex_);
  removed = queue_.extract(place);
  // One that needed more threads than there were may have kept narrower ones waiting.
  if (!removed.empty()) dispatch();
  return !removed.empty();
}

void Executor::dispatch() {
  while (!queue_.empty() && queue_.begin()->second.width <= free_threads_) {
    Worker& worker = free_worker();
    worker.busy = true;
    worker.job = std::make_unique<Job>(std::move(queue_.begin()->second));
    queue_.erase(queue_.begin());
    free_threads_ -= worker.job->width;
    worker.wake.notify_one();
  }
}

Executor::Worker& Executor::free_worker() {
  // Always the first free one: wide jobs, which run after each other, then share one OpenMP team
  // instead of leaving an idle team behind on every worker.
  for (const auto& worker : workers_) {
    if (!worker->busy) return *worker;
  }
  Worker& worker = *workers_.emplace_back(std::make_unique<Worker>());
  std::thread([this, &worker] { work(worker); }).detach();
  return worker;
}

void Executor::work(Worker& self) {
  int current_width = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    self.wake.wait(lock, [&] { return self.job != nullptr; });
    const std::unique_ptr<Job> job = std::move(self.job);
    lock.unlock();
    if (job->width != current_width) {
      // The OpenMP width belongs to the thread that sets it.
      at::set_num_threads(job->width);
      current_width = job->width;
    }
    job->run();
    job->run = nullptr;
    lock.lock();
    free_threads_ += job->width;
    self.busy = false;
    dispatch();
  }
}

}  // namespace bigtransfer::runtime

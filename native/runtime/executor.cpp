// Worker threads, made on demand, at most one per core and job on a device; each job leads a team
// of its width, and libtorch's operators have as many threads.
#include "runtime/executor.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <thread>

#include "common/share_out.h"
#include "common/start_thread.h"
#include "runtime/openmp_team.h"

namespace bigtransfer::runtime {
namespace {

/// Jobs that wait for GPUs at once: while one computes others copy, and several GPUs have work.
/// Eight GPUs are the most that a machine commonly has.
constexpr int kMostDeviceJobs = 8;

}  // namespace

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

Executor::Place Executor::reserve(int priority) {
  const std::lock_guard lock(mutex_);
  return {-priority, reserved_++};
}

void Executor::submit(const Place& place, Job job) {
  const std::lock_guard lock(mutex_);
  Queue& queue = job.width == kOnDevice ? device_queue_ : queue_;
  if (job.width != kOnDevice) job.width = job.width < 1 ? threads_ : std::min(job.width, threads_);
  queue.emplace(place, std::move(job));
  try {
    dispatch();
  } catch (...) {
    queue.erase(place);
    throw;
  }
}

bool Executor::remove(const Place& place) {
  Queue::node_type removed;  // what it holds is freed without the lock
  const std::lock_guard lock(mutex_);
  removed = queue_.extract(place);
  if (removed.empty()) removed = device_queue_.extract(place);
  // One that needed more threads than there were may have kept narrower ones waiting.
  if (!removed.empty()) dispatch();
  return !removed.empty();
}

void Executor::dispatch() {
  while (!queue_.empty() && queue_.begin()->second.width <= free_threads_) {
    Worker* worker = free_worker();
    if (worker == nullptr) return;
    free_threads_ -= queue_.begin()->second.width;
    start(queue_, *worker);
  }
  while (!device_queue_.empty() && device_jobs_ < kMostDeviceJobs) {
    Worker* worker = free_worker();
    if (worker == nullptr) return;
    ++device_jobs_;
    start(device_queue_, *worker);
  }
}

void Executor::start(Queue& queue, Worker& worker) {
  worker.busy = true;
  worker.job = std::make_unique<Job>(std::move(queue.begin()->second));
  queue.erase(queue.begin());
  worker.wake.notify_one();
}

Executor::Worker* Executor::free_worker() {
  // Always the first free one: wide jobs, which run after each other, then share one OpenMP team
  // instead of leaving an idle team behind on every worker.
  for (const auto& worker : workers_) {
    if (!worker->busy) return worker.get();
  }
  if (!workers_.empty() && startable_threads(1) == 0) return nullptr;
  auto worker = std::make_unique<Worker>();
  workers_.reserve(workers_.size() + 1);
  try {
    start_thread([this, self = worker.get()] { work(*self); });
  } catch (const Error&) {
    if (!workers_.empty()) return nullptr;
    throw;
  }
  return workers_.emplace_back(std::move(worker)).get();
}

void Executor::work(Worker& self) {
  // A thread's first question to ATen gives it the width that another one has set last; later that
  // would undo its own.
  at::get_num_threads();
  OpenMpTeam libtorch_team;
  std::unique_lock lock(mutex_);
  while (true) {
    self.wake.wait(lock, [&] { return self.job != nullptr; });
    const std::unique_ptr<Job> job = std::move(self.job);
    lock.unlock();
    {
      const int width = std::max(job->width, 1);
      const TeamScope team(width);
      libtorch_team.resize(width);
      job->run();
      job->run = nullptr;
    }
    lock.lock();
    if (job->width == kOnDevice) {
      --device_jobs_;
    } else {
      free_threads_ += job->width;
    }
    self.busy = false;
    dispatch();
  }
}

}  // namespace bigtransfer::runtime

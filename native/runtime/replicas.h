// One model on several GPUs: batches are shared out, and what a failing one leaves is done by the
// others.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "model/run.h"
#include "runtime/halving.h"

namespace bigtransfer::runtime {

class Replicas {
 public:
  /// Runs a share on one replica; called from several threads at once.
  using RunOn = std::function<model::RunResult(size_t replica, const Share& share)>;
  /// Told once of each replica that fails, and why.
  using OnFailure = std::function<void(size_t replica, const std::string& why)>;

  Replicas(size_t count, OnFailure on_failure);

  /// The results of all images in their order. A replica whose device fails (c10::Error of CUDA's
  /// libraries, Error kDevice) gets no more shares; any other exception is the caller's. Throws
  /// Error kDevice when no replica is left. A model on one GPU alone is never given up: its
  /// failures become Error kDevice.
  model::RunResult run(int64_t images, const RunOn& run_on) const;

 private:
  struct Assignment {
    size_t replica;
    Share share;
  };
  struct ShareEnd;

  /// Those that work, beginning with another one at each call.
  std::vector<size_t> working() const;
  std::vector<Assignment> assign(const std::vector<Share>& shares) const;
  std::vector<ShareEnd> run_all(const std::vector<Assignment>& assignments,
                                const RunOn& run_on) const;
  void give_up(size_t replica, const std::string& why) const;

  OnFailure on_failure_;
  mutable std::mutex mutex_;
  /// Why each replica failed; empty while it works.
  mutable std::vector<std::string> failures_;
  mutable std::atomic<size_t> turn_ = 0;
};

}  // namespace bigtransfer::runtime

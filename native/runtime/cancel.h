// A flag that asks a job to stop, and the exception that says it did.
#pragma once

#include <atomic>
#include <exception>
#include <memory>

namespace bigtransfer::runtime {

/// Thrown by a job that found itself cancelled. Not an Error: the caller already has the reason.
struct Cancelled : std::exception {
  const char* what() const noexcept override { return "cancelled"; }
};

/// Shared by a job and whoever may stop it.
class CancelToken {
 public:
  void cancel() { *flag_ = true; }
  bool cancelled() const { return *flag_; }
  void throw_if_cancelled() const {
    if (cancelled()) throw Cancelled();
  }

 private:
  std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace bigtransfer::runtime

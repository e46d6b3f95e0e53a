// How a job is stopped, from JavaScript or by the end of its environment.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

#include "runtime/cancel.h"

namespace bigtransfer::binding {

/// Shared by a job and the mailbox that waits for it.
class JobControl {
 public:
  const runtime::CancelToken& token() const { return token_; }

  /// What takes the job out of a queue, if it still waits in one; must be safe after its end.
  void set_withdraw(std::function<void()> withdraw) {
    const std::lock_guard lock(mutex_);
    withdraw_ = std::move(withdraw);
  }

  /// Ends the job at once where it waits; where it runs it notices by its token.
  void cancel() {
    token_.cancel();
    std::function<void()> withdraw;
    {
      const std::lock_guard lock(mutex_);
      withdraw.swap(withdraw_);
    }
    if (withdraw) withdraw();
  }

 private:
  runtime::CancelToken token_;
  std::mutex mutex_;
  std::function<void()> withdraw_;
};

}  // namespace bigtransfer::binding

// Tells those who wait that something is gone.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace bigtransfer::runtime {

class Freed {
 public:
  /// Calls `action` when fire() is called, or now if it has been.
  void then(std::function<void()> action) {
    {
      const std::lock_guard lock(mutex_);
      if (!fired_) return actions_.push_back(std::move(action));
    }
    action();
  }

  /// Once, from any thread.
  void fire() {
    std::vector<std::function<void()>> actions;
    {
      const std::lock_guard lock(mutex_);
      fired_ = true;
      actions.swap(actions_);
    }
    for (const auto& action : actions) action();
  }

 private:
  std::mutex mutex_;
  bool fired_ = false;
  std::vector<std::function<void()>> actions_;
};

}  // namespace bigtransfer::runtime

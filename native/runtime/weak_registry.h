// Things that others find by number for as long as somebody holds them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

namespace bigtransfer::runtime {

template <typename T>
class WeakRegistry {
 public:
  /// A number that find() takes; another one at every call.
  uint64_t add(const std::shared_ptr<T>& thing) {
    const std::lock_guard lock(mutex_);
    std::erase_if(things_, [](const auto& entry) { return entry.second.expired(); });
    things_[++last_] = thing;
    return last_;
  }

  /// Null when there is none of that number, or none any more.
  std::shared_ptr<T> find(uint64_t number) const {
    const std::lock_guard lock(mutex_);
    const auto found = things_.find(number);
    return found == things_.end() ? nullptr : found->second.lock();
  }

 private:
  mutable std::mutex mutex_;
  std::map<uint64_t, std::weak_ptr<T>> things_;
  uint64_t last_ = 0;
};

}  // namespace bigtransfer::runtime

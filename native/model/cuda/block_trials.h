// Which of the ways through a block is the faster one on this device, by trying both.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

namespace bigtransfer::model {

/// Milliseconds that started work takes on the device; it may be run several times.
using Stopwatch = std::function<double(const std::function<void()>& work)>;

class BlockTrials {
 public:
  /// A block, and the size of its input.
  struct Key {
    const void* block;
    std::vector<int64_t> shape;

    auto operator<=>(const Key&) const = default;
  };

  /// Whether `second` is the faster one: as it was found once, or is found now if there is a
  /// stopwatch; false where neither is so, or where memory does not suffice to try.
  bool prefers_second(const Key& key, const Stopwatch& stopwatch,
                      const std::function<void()>& first,
                      const std::function<void()>& second) const;

 private:
  mutable std::mutex mutex_;
  mutable std::map<Key, bool> found_;
};

}  // namespace bigtransfer::model

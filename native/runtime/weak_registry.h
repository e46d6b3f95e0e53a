// Things that others find by a token for as long as somebody holds them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>

namespace bigtransfer::runtime {

/// Tokens are drawn at random: that of one registry, of which a process has several where it has
/// loaded several copies of this library, means nothing to another one, and none leads to the next.
template <typename T>
class WeakRegistry {
 public:
  /// A token that find() takes; another one at every call.
  std::string add(const std::shared_ptr<T>& thing) {
    const std::lock_guard lock(mutex_);
    std::erase_if(things_, [](const auto& entry) { return entry.second.expired(); });
    const std::string token = own_ + drawn();
    things_[token] = thing;
    return token;
  }

  /// Whether a token looks like one of this registry's.
  bool gave(const std::string& token) const {
    return token.size() == 2 * own_.size() && token.starts_with(own_);
  }

  /// Null when there is nothing of that token, or nothing any more.
  std::shared_ptr<T> find(const std::string& token) const {
    const std::lock_guard lock(mutex_);
    const auto found = things_.find(token);
    return found == things_.end() ? nullptr : found->second.lock();
  }

 private:
  /// 64 bits in hexadecimal digits.
  static std::string drawn() {
    static constexpr char kDigits[] = "0123456789abcdef";
    static constexpr int kCount = 16;
    std::random_device random;
    std::string text;
    for (int i = 0; i < kCount; ++i) text += kDigits[random() & 0xF];
    return text;
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::weak_ptr<T>> things_;
  const std::string own_ = drawn();
};

}  // namespace bigtransfer::runtime

// The bytes of a pickle, read from front to back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "checkpoint/bytes.h"
#include "checkpoint/fail.h"

namespace bigtransfer::checkpoint {

/// Throws Error kCheckpoint, starting with `where`, when the bytes end too early.
class PickleInput {
 public:
  PickleInput(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  [[noreturn]] void bad(const std::string& what) const {
    fail(where_, "not a readable pickle at byte " + std::to_string(at_) + ": " + what);
  }

  const std::string& where() const { return where_; }
  size_t remaining() const { return bytes_.size() - at_; }

  std::string_view take(uint64_t length) {
    if (length > remaining()) bad(std::string("it ends too early; ") + kDownloadAgain);
    const std::string_view taken = bytes_.substr(at_, length);
    at_ += length;
    return taken;
  }

  template <typename T>
  T number() {
    return load<T>(take(sizeof(T)), 0);
  }

  /// Up to a line feed, which is skipped.
  std::string_view line() {
    const size_t end = bytes_.find('\n', at_);
    if (end == bytes_.npos) bad("a line does not end");
    const std::string_view taken = take(end - at_);
    ++at_;
    return taken;
  }

 private:
  std::string_view bytes_;
  const std::string& where_;
  size_t at_ = 0;
};

}  // namespace bigtransfer::checkpoint

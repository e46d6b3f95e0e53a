// How this room says no: one message shape, "<file>: <what is wrong>[; <what to do>]".
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "common/error.h"

namespace bigtransfer::checkpoint {

/// Names from a file may be long or hold control characters: messages show this many bytes at most.
inline constexpr size_t kShownNameBytes = 120;

inline constexpr const char* kDownloadAgain =
    "the file is damaged or incomplete: download it again";

/// Throws Error kCheckpoint.
[[noreturn]] inline void fail(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::kCheckpoint, where + ": " + what);
}

/// `name` in quotes, fit for a message.
inline std::string in_quotes(std::string_view name) {
  const bool long_name = name.size() > kShownNameBytes;
  std::string shown(name.substr(0, kShownNameBytes));
  std::replace_if(
      shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return "'" + shown + (long_name ? "...'" : "'");
}

}  // namespace bigtransfer::checkpoint

// The one exception that crosses rooms: a stable code and a message fit for the user.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace bigtransfer {

/// Mirrors the `code` property of the JavaScript `BitError` (lib/errors.ts).
enum class ErrorCode {
  kConfig,
  kCheckpoint,
  kImage,
  kShape,
  kDevice,
  kOutOfMemory,
  kDisposed,
  kOverloaded,
  kTraining,
  kLibtorch,
};

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace bigtransfer

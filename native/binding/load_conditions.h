// What libtorch's libraries need of the process while they are loaded.
#pragma once

#include <string>

namespace bigtransfer::binding {

/// While it lives, libgomp reads that its threads are to wait actively for some microseconds only:
/// with its own milliseconds a call on cores that others use too takes many times as long. It reads
/// the environment as it is loaded, and JavaScript's is a copy in workers, under jest and in Bun.
/// What the user has set stays.
class ShortSpins {
 public:
  ShortSpins();
  ~ShortSpins();
  ShortSpins(const ShortSpins&) = delete;
  ShortSpins& operator=(const ShortSpins&) = delete;

 private:
  /// The process's environment before, where this has replaced it.
  char** before_ = nullptr;
  char** own_ = nullptr;
};

/// While it lives, the process has a working directory: oneMKL, loaded in one that was removed,
/// ends the process. It is `directory` where there was none.
class SomeWorkingDirectory {
 public:
  explicit SomeWorkingDirectory(const std::string& directory);
  ~SomeWorkingDirectory();
  SomeWorkingDirectory(const SomeWorkingDirectory&) = delete;
  SomeWorkingDirectory& operator=(const SomeWorkingDirectory&) = delete;

 private:
  static constexpr int kNone = -1;
  /// The removed one.
  int removed_ = kNone;
};

}  // namespace bigtransfer::binding

// The lock of a file within a process and between processes.
#include "common/file_lock.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "check.h"
#include "common/error.h"

using namespace bigtransfer;

namespace {

/// Gone afterwards.
struct LockedFile {
  std::string path =
      (std::filesystem::temp_directory_path() / ("bigtransfer-lock-" + std::to_string(getpid())))
          .string();
  ~LockedFile() { std::filesystem::remove(path); }
};

TEST("a file is locked by one at a time") {
  const LockedFile file;
  auto first = FileLock::take(file.path);
  EXPECT(first != nullptr);
  EXPECT(FileLock::take(file.path) == nullptr);
  first.reset();
  EXPECT(FileLock::take(file.path) != nullptr);
}

TEST("a lock ends with the process that has it") {
  const LockedFile file;
  int ready[2];
  EXPECT(pipe(ready) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = FileLock::take(file.path);
    const char taken = lock != nullptr;
    if (write(ready[1], &taken, 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char taken = 0;
  EXPECT(read(ready[0], &taken, 1) == 1 && taken == 1);
  EXPECT(FileLock::take(file.path) == nullptr);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT(FileLock::take(file.path) != nullptr);
  close(ready[0]);
  close(ready[1]);
}

TEST("a file that cannot be opened is told") {
  EXPECT_THROWS(FileLock::take("/nowhere/at/all"), ErrorCode::kCheckpoint, "/nowhere/at/all");
}

}  // namespace

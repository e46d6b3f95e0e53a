// Atomic files: what reaches the disk, in what order, and what stays when that fails. The program's
// own fsync and rename stand before the system's, note what is asked, and fail where a test wants
// it.
#include "checkpoint/atomic_file.h"

#include <dlfcn.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "check.h"
#include "checkpoint/fixtures.h"
#include "common/error.h"

namespace {

/// What was asked of the system since the test began.
std::vector<std::string>& asked() {
  static std::vector<std::string> calls;
  return calls;
}

/// The error that the call of this name ends with; 0 for none.
struct Failure {
  std::string call;
  int error = 0;
};
Failure& failure() {
  static Failure wanted;
  return wanted;
}

/// Notes the call; whether it is to fail.
bool fails(const std::string& call) {
  asked().push_back(call);
  if (failure().call != call) return false;
  errno = failure().error;
  return true;
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int fsync(int fd) {
  static const auto system = next<int (*)(int)>("fsync");
  return fails("fsync") ? -1 : system(fd);
}

extern "C" int rename(const char* from, const char* to) noexcept {
  static const auto system = next<int (*)(const char*, const char*)>("rename");
  return fails("rename") ? -1 : system(from, to);
}

namespace bigtransfer::checkpoint::test {
namespace {

/// Forgets what was asked before, and has a call fail until it goes.
class System {
 public:
  explicit System(const Failure& wanted = {}) {
    asked().clear();
    failure() = wanted;
  }
  ~System() { failure() = {}; }
  System(const System&) = delete;
  System& operator=(const System&) = delete;
};

size_t files_beside(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

void write_whole(const std::string& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

TEST("atomic file: the bytes are on the disk before the name, and the name after it") {
  const TempDir dir;
  const System system;
  write_whole(dir.path("m"), "new");
  EXPECT((asked() == std::vector<std::string>{"fsync", "rename", "fsync"}));
  EXPECT(read_file(dir.path("m")) == "new");
}

TEST("atomic file: when the disk fails, the old file stays, alone") {
  const TempDir dir;
  const std::string path = dir.write("m", "old");
  for (const Failure& wanted : {Failure{"fsync", EIO}, Failure{"rename", EIO}}) {
    const System system(wanted);
    EXPECT_THROWS(write_whole(path, "new"), ErrorCode::kCheckpoint, "failed: ");
    EXPECT(asked().back() == wanted.call);
    EXPECT(read_file(path) == "old" && files_beside(path) == 1);
  }
}

TEST("atomic file: says what keeps it from being written, in words") {
  const TempDir dir;
  const auto expect_says = [&](int error, const char* words) {
    const System system({"fsync", error});
    EXPECT_THROWS(write_whole(dir.path("m"), "new"), ErrorCode::kCheckpoint, words);
  };
  expect_says(ENOSPC, "no space left on the disk");
  expect_says(EDQUOT, "no space left on the disk");
  expect_says(EACCES, "no permission to write here");
  expect_says(EIO, "writing to the disk failed");
  EXPECT_THROWS(AtomicFile(dir.path("none/m")), ErrorCode::kCheckpoint, "directory does not exist");
  EXPECT_THROWS(AtomicFile(std::string("a\0b", 3)), ErrorCode::kCheckpoint, "it holds a NUL");
}

TEST("atomic file: without commit() nothing is left, and until then nothing is seen") {
  const TempDir dir;
  const std::string path = dir.write("m", "old");
  {
    AtomicFile file(path);
    file.write("ne");
    file.write("w");
    EXPECT(read_file(path) == "old" && files_beside(path) == 2);
  }
  EXPECT(read_file(path) == "old" && files_beside(path) == 1);
}

}  // namespace
}  // namespace bigtransfer::checkpoint::test

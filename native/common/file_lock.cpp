// By flock(), which the system gives up itself once nobody has the file open any more.
#include "common/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/error.h"

namespace bigtransfer {
namespace {

constexpr mode_t kMode = 0666;

int try_lock(int file) {
  int failed;
  do {
    failed = flock(file, LOCK_EX | LOCK_NB);
  } while (failed != 0 && errno == EINTR);
  return failed == 0 ? 0 : errno;
}

}  // namespace

std::unique_ptr<FileLock> FileLock::take(const std::string& path) {
  // Programs that the process starts do not inherit it.
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode);
  if (file < 0)
    throw Error(ErrorCode::kCheckpoint, "Cannot open " + path + ": " + std::strerror(errno));
  std::unique_ptr<FileLock> lock(new FileLock(file));
  if (try_lock(file) == EWOULDBLOCK) return nullptr;
  return lock;
}

FileLock::~FileLock() { close(file_); }

}  // namespace bigtransfer

// Temporary file, fsync, rename.
#include "checkpoint/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "checkpoint/fail.h"

namespace bigtransfer::checkpoint {
namespace {

/// Subject to the umask, unlike mkstemp's 0600: others may read a model.
constexpr mode_t kFileMode = 0666;

/// Linux transfers at most 0x7ffff000 bytes a call; smaller pieces keep interruptions cheap.
constexpr size_t kWriteBytes = size_t{64} << 20;

/// Apart for each process and each of its threads.
std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  const size_t slash = path.rfind('/');
  const size_t base = slash == std::string::npos ? 0 : slash + 1;
  return path.substr(0, base) + "." + path.substr(base) + "." + std::to_string(::getpid()) + "." +
         std::to_string(counter++) + ".tmp";
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// So that the new name survives a power cut. Some file systems refuse; the file is whole anyway.
void sync_directory(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(path), temporary_(temporary_name(path)) {
  if (path.find('\0') != std::string::npos) fail(in_quotes(path), "not a path: it holds a NUL");
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
  if (fd_ < 0) fail_errno("creating", errno);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), std::min(bytes.size(), kWriteBytes));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_errno("writing", errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

void AtomicFile::commit() {
  if (::fsync(fd_) != 0) fail_errno("writing to the disk", errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_errno("renaming into place", errno);
  ::close(fd_);
  fd_ = -1;
  sync_directory(directory_of(path_));
}

void AtomicFile::fail_errno(const std::string& doing, int error) const {
  if (error == ENOENT) fail(path_, "its directory does not exist");
  if (error == EACCES || error == EPERM) fail(path_, "no permission to write here");
  if (error == ENOSPC || error == EDQUOT) fail(path_, "no space left on the disk");
  fail(path_, doing + " failed: " + std::generic_category().message(error));
}

}  // namespace bigtransfer::checkpoint

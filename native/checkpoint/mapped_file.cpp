// mmap behind MappedFile.
#include "checkpoint/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>

#include "checkpoint/fail.h"

namespace bigtransfer::checkpoint {
namespace {

[[noreturn]] void fail_errno(const std::string& path, const std::string& doing, int error) {
  if (error == ENOENT) fail(path, "no such file");
  if (error == EACCES || error == EPERM) fail(path, "no permission to read this file");
  fail(path, doing + " failed: " + std::generic_category().message(error));
}

std::string_view map(int descriptor, const std::string& path) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail_errno(path, "reading the size", errno);
  if (S_ISDIR(status.st_mode)) fail(path, "a directory, where a checkpoint file is expected");
  if (!S_ISREG(status.st_mode)) fail(path, "not a regular file");
  if (static_cast<uint64_t>(status.st_size) > std::numeric_limits<size_t>::max() / 2) {
    fail(path, "too large to be mapped");
  }
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0) return {};  // mmap refuses to map nothing
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (address == MAP_FAILED && errno == ENOMEM) {
    throw Error(ErrorCode::kOutOfMemory,
                path + ": the process may not have as much memory as to map its " +
                    std::to_string(size) + " bytes; raise its limit (ulimit -v)");
  }
  if (address == MAP_FAILED) fail_errno(path, "mapping", errno);
  return {static_cast<const char*>(address), size};
}

}  // namespace

MappedFile::MappedFile(const std::string& path) : path_(path) {
  // A path from JavaScript may hold a NUL, where the system would stop reading it.
  if (path.find('\0') != std::string::npos) fail(in_quotes(path), "not a path: it holds a NUL");
  // Without O_NONBLOCK, opening a named pipe would wait for a writer.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) fail_errno(path, "opening", errno);
  try {
    opened_ = stamp();
    bytes_ = map(descriptor_, path);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
  ::close(descriptor_);
}

MappedFile::Stamp MappedFile::stamp() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) fail_errno(path_, "reading the size", errno);
  return {status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

void MappedFile::expect_unchanged() const {
  if (stamp() == opened_) return;
  fail(path_, "the file has changed since it was opened: load the model again");
}

void MappedFile::discard(uint64_t offset, uint64_t length) const {
  if (offset >= bytes_.size() || length == 0) return;
  static const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t end = std::min<uint64_t>(bytes_.size() - offset, length) + offset;
  const uint64_t begin = offset / page * page;
  ::madvise(const_cast<char*>(bytes_.data()) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace bigtransfer::checkpoint

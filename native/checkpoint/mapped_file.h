// A file mapped read-only into memory; with atomic_file.*, all that is POSIX in this room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bigtransfer::checkpoint {

/// Reading bytes that were cut off from the file since it was mapped kills the process (SIGBUS); so
/// ask expect_unchanged() first. Replacing the file by rename, as write_safetensors does, is
/// harmless.
class MappedFile {
 public:
  /// Throws Error kCheckpoint when `path` is missing, not readable, a directory or not a file.
  /// An empty file has empty bytes().
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  std::string_view bytes() const { return bytes_; }

  /// Throws Error kCheckpoint when the mapped file was written to, lengthened or truncated since.
  void expect_unchanged() const;

  /// Lets the system drop these pages from memory; they are read again when touched. A hint: what
  /// lies on the same pages goes too, failure is of no consequence.
  void discard(uint64_t offset, uint64_t length) const;

 private:
  /// Size and time of the last change, as the file system tells them.
  struct Stamp {
    int64_t size;
    int64_t seconds;
    int64_t nanoseconds;
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const;

  std::string path_;
  std::string_view bytes_;
  /// Kept open: the path may come to name another file.
  int descriptor_;
  Stamp opened_;
};

}  // namespace bigtransfer::checkpoint

// A file mapped read-only into memory; with atomic_file.*, all that is POSIX in this room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bigtransfer::checkpoint {

/// Writing to the bytes, or truncating the file while it is mapped, kills the process (SIGSEGV,
/// SIGBUS). Replacing the file by rename, as write_safetensors does, is harmless.
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

  /// Lets the system drop these pages from memory; they are read again when touched. A hint: what
  /// lies on the same pages goes too, failure is of no consequence.
  void discard(uint64_t offset, uint64_t length) const;

 private:
  std::string path_;
  std::string_view bytes_;
};

}  // namespace bigtransfer::checkpoint

// A file that appears under its name complete or not at all.
#pragma once

#include <string>
#include <string_view>

namespace bigtransfer::checkpoint {

/// Writes to a temporary file in the same directory; without commit() it is removed again.
class AtomicFile {
 public:
  /// Throws Error kCheckpoint when the file cannot be created.
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends. Throws Error kCheckpoint (disk full, ...).
  void write(std::string_view bytes);
  /// Brings the bytes to the disk and the file to its name. Throws Error kCheckpoint.
  void commit();

 private:
  [[noreturn]] void fail_errno(const std::string& doing, int error) const;

  std::string path_;
  std::string temporary_;
  int fd_ = -1;
};

}  // namespace bigtransfer::checkpoint

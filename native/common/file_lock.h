// One at a time, among processes and within one: whoever holds the lock of a file.
#pragma once

#include <memory>
#include <string>

namespace bigtransfer {

class FileLock {
 public:
  /// Takes the lock of the file, which is made where there is none; null where somebody holds it.
  /// It ends with the object, or with the process, however that ends. Where a file system has no
  /// locks everybody gets one. Throws Error kCheckpoint where the file cannot be opened.
  static std::unique_ptr<FileLock> take(const std::string& path);

  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int file) : file_(file) {}

  int file_;
};

}  // namespace bigtransfer

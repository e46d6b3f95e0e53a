// End record, zip64 locator, zip64 end record. Section numbers: APPNOTE 6.3.10.
#include "checkpoint/zip_directory.h"

#include <algorithm>

#include "checkpoint/bytes.h"
#include "checkpoint/fail.h"

namespace bigtransfer::checkpoint {
namespace {

// 4.3.16, 4.3.14, 4.3.15: signatures, and sizes of the fixed part of each record.
constexpr uint32_t kEndSignature = 0x06054b50, kEnd64Signature = 0x06064b50,
                   kLocatorSignature = 0x07064b50;
constexpr size_t kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20;
constexpr size_t kMaxCommentBytes = 0xffff;
constexpr uint64_t kSmallestEntry = 46;  // 4.3.12

class Finder {
 public:
  Finder(std::string_view bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  ZipDirectory find() const {
    const uint64_t end = find_end();
    const ZipDirectory small{at<uint32_t>(end + 16), at<uint32_t>(end + 12),
                             at<uint16_t>(end + 10)};
    if (at<uint16_t>(end + 4) != 0 || at<uint16_t>(end + 6) != 0 ||
        at<uint16_t>(end + 8) != small.entries) {
      several_disks();
    }
    if (end >= kLocatorBytes && at<uint32_t>(end - kLocatorBytes) == kLocatorSignature) {
      return find64(end - kLocatorBytes, small);
    }
    return checked(small, end);
  }

 private:
  /// 4.3.16: the last record of the file, whose comment reaches to the very end.
  uint64_t find_end() const {
    const size_t furthest = kEndBytes + kMaxCommentBytes;
    for (size_t back = kEndBytes; back <= std::min(bytes_.size(), furthest); ++back) {
      const size_t offset = bytes_.size() - back;
      if (at<uint32_t>(offset) == kEndSignature && at<uint16_t>(offset + 20) == back - kEndBytes) {
        return offset;
      }
    }
    damaged("it has no end record");
  }

  /// 4.3.14, 4.3.15. torch.save always writes the zip64 record, also where the small one suffices.
  ZipDirectory find64(uint64_t locator, const ZipDirectory& small) const {
    const auto end64 = at<uint64_t>(locator + 8);
    if (at<uint32_t>(locator + 4) != 0 || at<uint32_t>(locator + 16) != 1) {
      several_disks();
    }
    if (!reaches_within(end64, kEnd64Bytes, locator) || at<uint32_t>(end64) != kEnd64Signature ||
        checked_add(at<uint64_t>(end64 + 4), 12) != locator - end64) {
      damaged("its zip64 end record is not where it should be");
    }
    if (at<uint32_t>(end64 + 16) != 0 || at<uint32_t>(end64 + 20) != 0 ||
        at<uint64_t>(end64 + 24) != at<uint64_t>(end64 + 32)) {
      several_disks();
    }
    const ZipDirectory large{at<uint64_t>(end64 + 48), at<uint64_t>(end64 + 40),
                             at<uint64_t>(end64 + 32)};
    if ((small.entries != kInZip64_16 && small.entries != large.entries) ||
        (small.bytes != kInZip64_32 && small.bytes != large.bytes) ||
        (small.offset != kInZip64_32 && small.offset != large.offset)) {
      damaged("its two end records disagree");
    }
    return checked(large, end64);
  }

  ZipDirectory checked(const ZipDirectory& directory, uint64_t end) const {
    if (checked_add(directory.offset, directory.bytes) != end ||
        directory.entries > directory.bytes / kSmallestEntry) {
      damaged("its directory is not where the end record says");
    }
    return directory;
  }

  [[noreturn]] void damaged(const std::string& what) const {
    fail(file_, "as a zip archive, " + what + "; " + kDownloadAgain);
  }
  [[noreturn]] void several_disks() const {
    fail(file_, "as a zip archive, it is one of several disks, which is not supported");
  }

  template <typename T>
  T at(uint64_t offset) const {
    return load<T>(bytes_, offset);
  }

  std::string_view bytes_;
  const std::string& file_;
};

}  // namespace

ZipDirectory find_zip_directory(std::string_view bytes, const std::string& file) {
  return Finder(bytes, file).find();
}

}  // namespace bigtransfer::checkpoint

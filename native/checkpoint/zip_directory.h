// Finding a zip archive's central directory from the end of the file (APPNOTE 6.3.10).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bigtransfer::checkpoint {

/// 4.4.1.4: a number that does not fit stands in the zip64 record, and these in its place.
inline constexpr uint16_t kInZip64_16 = 0xffff;
inline constexpr uint32_t kInZip64_32 = 0xffffffff;

struct ZipDirectory {
  uint64_t offset, bytes, entries;
};

/// The directory lies within `bytes`, directly before the end records. Throws Error kCheckpoint,
/// starting with `file`, when it does not, or the archive is split over disks.
ZipDirectory find_zip_directory(std::string_view bytes, const std::string& file);

}  // namespace bigtransfer::checkpoint

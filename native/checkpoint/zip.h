// A strict reader of zip archives whose entries are stored as they are (PKWARE APPNOTE 6.3.10).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bigtransfer::checkpoint {

/// Both views point into the archive's bytes.
struct ZipEntry {
  std::string_view name;
  std::string_view data;
  uint32_t crc32;
  /// Then it has no data: nothing is ever decompressed, so an archive cannot grow.
  bool compressed;
};

/// Every entry, in the order of the central directory; zip64 included. Throws Error kCheckpoint,
/// starting with `file`, when an entry is encrypted, split over disks, named twice, beyond the end,
/// overlaps another, or disagrees with its local header, and when bytes stand before or after the
/// archive.
std::vector<ZipEntry> read_zip(std::string_view bytes, const std::string& file);

}  // namespace bigtransfer::checkpoint

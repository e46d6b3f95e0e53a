// From the central directory to the entries. Section numbers: APPNOTE 6.3.10.
#include "checkpoint/zip.h"

#include <algorithm>

#include "checkpoint/bytes.h"
#include "checkpoint/fail.h"
#include "checkpoint/zip_directory.h"

namespace bigtransfer::checkpoint {
namespace {

// 4.3.7, 4.3.12: signatures, and sizes of the fixed part of each record.
constexpr uint32_t kLocalSignature = 0x04034b50, kCentralSignature = 0x02014b50;
constexpr size_t kLocalBytes = 30, kCentralBytes = 46;

// 4.4.4: general purpose flags.
constexpr uint16_t kEncrypted = 1 << 0, kSizesFollowData = 1 << 3, kStrongEncryption = 1 << 6,
                   kMaskedHeader = 1 << 13;
constexpr uint16_t kStored = 0;           // 4.4.5
constexpr uint16_t kZip64Extra = 0x0001;  // 4.5.3

/// A central directory entry, zip64 resolved, with the span that it takes in the file.
struct Record {
  ZipEntry entry;
  uint16_t flags;
  uint64_t size, local_offset, data_end;
};

class Reader {
 public:
  Reader(std::string_view bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  std::vector<ZipEntry> entries() {
    directory_ = find_zip_directory(bytes_, file_);
    std::vector<Record> records = read_directory();
    for (Record& record : records) locate_data(record);
    refuse_overlaps(records);
    std::vector<ZipEntry> result;
    for (const Record& record : records) result.push_back(record.entry);
    refuse_duplicates(result);
    return result;
  }

 private:
  [[noreturn]] void bad(const std::string& what) const { fail(file_, "as a zip archive, " + what); }
  [[noreturn]] void damaged(const std::string& what) const { bad(what + "; " + kDownloadAgain); }
  [[noreturn]] void bad_entry(const ZipEntry& entry, const std::string& what) const {
    bad("entry " + in_quotes(entry.name) + " " + what);
  }

  template <typename T>
  T at(uint64_t offset) const {
    return load<T>(bytes_, offset);
  }

  std::vector<Record> read_directory() const {
    std::vector<Record> records;
    uint64_t offset = directory_.offset;
    const uint64_t end = directory_.offset + directory_.bytes;
    for (uint64_t i = 0; i < directory_.entries; ++i) {
      if (!reaches_within(offset, kCentralBytes, end) ||
          at<uint32_t>(offset) != kCentralSignature) {
        damaged("its directory is malformed");
      }
      const uint64_t variable = uint64_t{at<uint16_t>(offset + 28)} + at<uint16_t>(offset + 30) +
                                at<uint16_t>(offset + 32);
      if (!reaches_within(offset, kCentralBytes + variable, end))
        damaged("its directory is malformed");
      records.push_back(read_record(offset));
      offset += kCentralBytes + variable;
    }
    if (offset != end) damaged("its directory is malformed");
    return records;
  }

  /// 4.3.12; the caller has checked that the record lies within the directory.
  Record read_record(uint64_t offset) const {
    const auto name_bytes = at<uint16_t>(offset + 28);
    Record record{};
    record.entry.name = bytes_.substr(offset + kCentralBytes, name_bytes);
    record.entry.crc32 = at<uint32_t>(offset + 16);
    record.flags = at<uint16_t>(offset + 8);
    if (record.flags & (kEncrypted | kStrongEncryption | kMaskedHeader)) {
      bad_entry(record.entry, "is encrypted, which is not supported");
    }
    record.entry.compressed = at<uint16_t>(offset + 10) != kStored;
    const auto extra =
        bytes_.substr(offset + kCentralBytes + name_bytes, at<uint16_t>(offset + 30));
    resolve_sizes(record, offset, extra);
    return record;
  }

  /// 4.5.3: of the four numbers, the zip64 field has those that don't fit, in this order.
  void resolve_sizes(Record& record, uint64_t offset, std::string_view extra) const {
    std::string_view field = zip64_field(record.entry, extra);
    const auto number = [&](uint64_t small, uint64_t saturated, size_t width) -> uint64_t {
      if (small != saturated) return small;
      if (field.size() < width) bad_entry(record.entry, "lacks its zip64 sizes");
      const uint64_t value = width == 8 ? load<uint64_t>(field, 0) : load<uint32_t>(field, 0);
      field.remove_prefix(width);
      return value;
    };
    record.size = number(at<uint32_t>(offset + 24), kInZip64_32, 8);
    const uint64_t compressed = number(at<uint32_t>(offset + 20), kInZip64_32, 8);
    record.local_offset = number(at<uint32_t>(offset + 42), kInZip64_32, 8);
    const uint64_t disk = number(at<uint16_t>(offset + 34), kInZip64_16, 4);
    if (disk != 0) bad_entry(record.entry, "is on another disk, which is not supported");
    if (compressed != record.size && !record.entry.compressed) {
      bad_entry(record.entry, "is stored, yet has two sizes");
    }
    record.size = compressed;
  }

  std::string_view zip64_field(const ZipEntry& entry, std::string_view extra) const {
    constexpr size_t kFieldHeader = 4;
    while (extra.size() >= kFieldHeader) {
      const auto id = load<uint16_t>(extra, 0), size = load<uint16_t>(extra, 2);
      if (size > extra.size() - kFieldHeader) bad_entry(entry, "has a malformed extra field");
      if (id == kZip64Extra) return extra.substr(kFieldHeader, size);
      extra.remove_prefix(kFieldHeader + size);
    }
    return {};
  }

  /// 4.3.7: finds the data behind the local header, which must tell the same as the directory.
  void locate_data(Record& record) const {
    const uint64_t offset = record.local_offset;
    if (!reaches_within(offset, kLocalBytes, directory_.offset) ||
        at<uint32_t>(offset) != kLocalSignature) {
      bad_entry(record.entry, std::string("is not where the directory says; ") + kDownloadAgain);
    }
    const auto name_bytes = at<uint16_t>(offset + 26), extra_bytes = at<uint16_t>(offset + 28);
    const uint64_t data = offset + kLocalBytes + name_bytes + extra_bytes;
    if (!reaches_within(data, record.size, directory_.offset)) {
      bad_entry(record.entry, std::string("reaches beyond its place; ") + kDownloadAgain);
    }
    if (bytes_.substr(offset + kLocalBytes, name_bytes) != record.entry.name ||
        at<uint16_t>(offset + 6) != record.flags ||
        (at<uint16_t>(offset + 8) != kStored) != record.entry.compressed ||
        (!record.entry.compressed && !local_sizes_agree(record))) {
      bad_entry(record.entry, "differs between its local header and the directory");
    }
    if (!record.entry.compressed) record.entry.data = bytes_.substr(data, record.size);
    record.data_end = data + record.size;
  }

  /// With kSizesFollowData (4.4.4, bit 3), as torch.save writes, a local header may leave them 0.
  bool local_sizes_agree(const Record& record) const {
    const uint64_t offset = record.local_offset;
    const auto crc = at<uint32_t>(offset + 14);
    const bool later = record.flags & kSizesFollowData;
    const auto agrees = [&](uint32_t size) {
      return size == record.size || size == kInZip64_32 || (later && size == 0);
    };
    return (crc == record.entry.crc32 || (later && crc == 0)) &&
           agrees(at<uint32_t>(offset + 18)) && agrees(at<uint32_t>(offset + 22));
  }

  void refuse_overlaps(const std::vector<Record>& records) const {
    std::vector<const Record*> sorted;
    for (const Record& record : records) sorted.push_back(&record);
    std::sort(sorted.begin(), sorted.end(),
              [](const Record* a, const Record* b) { return a->local_offset < b->local_offset; });
    for (size_t i = 1; i < sorted.size(); ++i) {
      if (sorted[i]->local_offset < sorted[i - 1]->data_end) {
        bad_entry(sorted[i]->entry, "overlaps entry " + in_quotes(sorted[i - 1]->entry.name));
      }
    }
  }

  void refuse_duplicates(const std::vector<ZipEntry>& entries) const {
    std::vector<std::string_view> names;
    for (const ZipEntry& entry : entries) names.push_back(entry.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) bad("two entries are called " + in_quotes(*twice));
  }

  std::string_view bytes_;
  const std::string& file_;
  ZipDirectory directory_{};
};

}  // namespace

std::vector<ZipEntry> read_zip(std::string_view bytes, const std::string& file) {
  return Reader(bytes, file).entries();
}

}  // namespace bigtransfer::checkpoint

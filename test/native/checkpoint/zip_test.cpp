// checkpoint/zip: stored archives are read, everything odd about one is refused.
#include "checkpoint/zip.h"

#include "check.h"
#include "checkpoint/fixtures.h"
#include "common/error.h"

namespace bigtransfer::checkpoint::test {
namespace {

#define CHECK_BAD_ZIP(bytes, fragment) \
  EXPECT_THROWS(read_zip(bytes, kFile), ErrorCode::kCheckpoint, fragment)

const ZipSpec kA{.name = "d/a", .data = "alpha"};
const ZipSpec kB{.name = "d/b", .data = "bytes follow", .flags = 0x0808};

TEST("zip: entries of plain and zip64 archives, sizes before or after the data") {
  for (const bool zip64 : {false, true}) {
    const std::string bytes = zip({kA, kB, {.name = "empty"}}, {.zip64 = zip64});
    const std::vector<ZipEntry> entries = read_zip(bytes, kFile);
    EXPECT(entries.size() == 3);
    EXPECT(entries[0].name == "d/a" && entries[0].data == "alpha");
    EXPECT(entries[1].data == "bytes follow" && entries[1].crc32 == crc32("bytes follow"));
    EXPECT(entries[2].data.empty());
  }
  EXPECT(read_zip(zip({}), kFile).empty());
  EXPECT(read_zip(zip({kA}, {.comment = "PK\5\6 a comment"}), kFile).size() == 1);
}

TEST("zip: sizes and offsets in the zip64 field") {
  ZipSpec wide = kA;
  wide.size = wide.compressed = 0xffffffff;
  wide.extra = std::string("\x42\x46\1\0Z", 5) + std::string("\1\0", 2) + le<uint16_t>(16) +
               le<uint64_t>(5) + le<uint64_t>(5);
  wide.local_size = 0xffffffff;
  EXPECT(read_zip(zip({wide}), kFile)[0].data == "alpha");
  wide.extra = std::string("\1\0", 2) + le<uint16_t>(8) + le<uint64_t>(5);
  CHECK_BAD_ZIP(zip({wide}), "zip64");
  wide.extra = {};
  CHECK_BAD_ZIP(zip({wide}), "zip64");
  wide.extra = std::string("\1\0", 2) + le<uint16_t>(99);
  CHECK_BAD_ZIP(zip({wide}), "extra field");
  wide.extra = std::string("\1\0", 2) + le<uint16_t>(16) + le(UINT64_MAX) + le(UINT64_MAX);
  CHECK_BAD_ZIP(zip({wide}), "reaches beyond");
}

TEST("zip: compressed entries have no data, encrypted ones and several disks are refused") {
  ZipSpec entry = kA;
  entry.method = 8;
  const ZipEntry compressed = read_zip(zip({entry, kB}), kFile)[0];
  EXPECT(compressed.compressed && compressed.data.empty());
  for (const uint16_t flags : {1, 64 + 1, 1 << 13}) {
    entry = {.name = "d/a", .data = "alpha", .flags = flags};
    CHECK_BAD_ZIP(zip({entry}), "encrypted");
  }
  entry = kA;
  entry.disk = 1;
  CHECK_BAD_ZIP(zip({entry}), "disk");
  CHECK_BAD_ZIP(zip({kA}, {.disk = 1}), "disks");
  CHECK_BAD_ZIP(zip({kA}, {.zip64 = true, .disk = 1}), "disks");
}

TEST("zip: duplicate names and overlapping entries") {
  CHECK_BAD_ZIP(zip({kA, kB, kA}), "two entries are called 'd/a'");
  // A second directory entry for the first one's bytes, so that much can be read twice.
  ZipSpec inner{.name = "q", .data = "quine"};
  const std::string nested = zip({inner});
  ZipSpec outer{.name = "o", .data = nested.substr(0, nested.find("PK\1\2"))};
  ZipSpec ghost = inner;
  ghost.shift = -static_cast<int32_t>(outer.data.size());
  CHECK_BAD_ZIP(zip({outer, ghost}), "overlaps entry 'o'");
}

TEST("zip: local headers that differ from the directory") {
  const auto with = [](auto change) {
    ZipSpec entry = kA;
    change(entry);
    return zip({entry});
  };
  CHECK_BAD_ZIP(with([](ZipSpec& e) { e.local_name = "d/x"; }), "differs");
  CHECK_BAD_ZIP(with([](ZipSpec& e) { e.local_flags = 8; }), "differs");
  CHECK_BAD_ZIP(with([](ZipSpec& e) { e.local_crc ^= 1; }), "differs");
  CHECK_BAD_ZIP(with([](ZipSpec& e) { e.local_size = 4; }), "differs");
  CHECK_BAD_ZIP(with([](ZipSpec& e) { e.compressed = 4; }), "two sizes");
  CHECK_BAD_ZIP(with([](ZipSpec& e) { e.shift = 1; }), "not where");
  CHECK_BAD_ZIP(with([](ZipSpec& e) { e.shift = 1'000'000; }), "not where");
  CHECK_BAD_ZIP(with([](ZipSpec& e) { e.size = e.compressed = 6; }), "reaches beyond");
  CHECK_BAD_ZIP(with([](ZipSpec& e) { e.size = e.compressed = 0xfffffffe; }), "reaches beyond");
}

TEST("zip: directories that are not where or what they should be") {
  CHECK_BAD_ZIP(zip({kA}, {.before = "#!/bin/sh\n"}).substr(10), "directory");
  CHECK_BAD_ZIP(zip({kA}, {.entries_added = 1}), "directory");
  CHECK_BAD_ZIP(zip({kA}, {.zip64 = true, .entries_added = 0x7fffffff}), "directory");
  CHECK_BAD_ZIP(zip({kA}, {.bytes_added = 1}), "directory");
  CHECK_BAD_ZIP(zip({kA}, {.offset_added = 1}), "directory");
  CHECK_BAD_ZIP(zip({kA}, {.zip64 = true, .offset_added = 0xfffffff0}), "directory");
  CHECK_BAD_ZIP(zip({kA}, {.after = "x"}), "no end record");
  CHECK_BAD_ZIP("", "no end record");
  CHECK_BAD_ZIP("PK\5\6", "no end record");
}

TEST("zip: end records that disagree") {
  std::string bytes = zip({kA}, {.zip64 = true});
  bytes.replace(bytes.size() - 12, 2, le<uint16_t>(7));  // entries, of all disks
  bytes.replace(bytes.size() - 14, 2, le<uint16_t>(7));
  CHECK_BAD_ZIP(bytes, "disagree");
  bytes = zip({kA}, {.zip64 = true});
  bytes.replace(bytes.size() - 22 - 12, 8,
                le<uint64_t>(UINT64_MAX - 3));  // the zip64 record's offset
  CHECK_BAD_ZIP(bytes, "zip64 end record");
}

TEST("zip: CRC-32 check value") {
  EXPECT(crc32("123456789") == 0xcbf43926);
  EXPECT(crc32("") == 0);
}

}  // namespace
}  // namespace bigtransfer::checkpoint::test

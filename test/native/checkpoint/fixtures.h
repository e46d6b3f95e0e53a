// Checkpoint files made byte by byte, right ones and wrong ones, and a folder to put them in.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/crc32.h"

namespace bigtransfer::checkpoint::test {

inline const std::string kFile = "file.bin";

/// `value` in little-endian bytes.
template <typename T>
std::string le(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

/// The bytes of these float32 values.
inline std::string floats(const std::vector<float>& values) {
  std::string bytes;
  for (const float value : values) bytes += le(value);
  return bytes;
}

inline std::string safetensors(const std::string& header, const std::string& data) {
  return le<uint64_t>(header.size()) + header + data;
}

/// Two tensors: 'a' [2,3] float32 1..6 and 'b' [2] int64 7, 8; aligned.
inline std::string small_safetensors() {
  std::string header =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"I64","shape":[2],"data_offsets":[24,40]},)"
      R"("a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  return safetensors(header, floats({1, 2, 3, 4, 5, 6}) + le<int64_t>(7) + le<int64_t>(8));
}

/// An entry as it should be, unless a test says otherwise.
struct ZipSpec {
  std::string name = {}, data = {};
  uint16_t flags = 0, method = 0;
  /// What the local header says instead.
  std::string local_name = name;
  uint16_t local_flags = flags;
  uint32_t crc = crc32(data);
  uint32_t local_crc = flags & 8 ? 0 : crc;
  uint32_t size = static_cast<uint32_t>(data.size());
  uint32_t compressed = size;
  uint32_t local_size = flags & 8 ? 0 : size;
  uint16_t disk = 0;
  /// Added to the offset of the local header.
  int32_t shift = 0;
  std::string extra = {}, local_extra = {};
};

struct ZipOptions {
  bool zip64 = false;
  uint32_t entries_added = 0, bytes_added = 0, offset_added = 0;
  uint16_t disk = 0;
  std::string comment = {}, before = {}, after = {}, before_directory = {};
};

inline std::string zip(const std::vector<ZipSpec>& entries, const ZipOptions& options = {}) {
  std::string file = options.before, directory;
  for (const ZipSpec& e : entries) {
    const auto offset = static_cast<uint32_t>(static_cast<int64_t>(file.size()) + e.shift);
    const std::string times = le<uint32_t>(0);
    const auto name_size = [](const std::string& name) {
      return le(static_cast<uint16_t>(name.size()));
    };
    file += "PK\3\4" + le<uint16_t>(20) + le(e.local_flags) + le(e.method) + times +
            le(e.local_crc) + le(e.local_size) + le(e.local_size) + name_size(e.local_name) +
            name_size(e.local_extra) + e.local_name + e.local_extra + e.data;
    if (e.flags & 8) file += "PK\7\x08" + le(e.crc) + le(e.size) + le(e.size);
    directory += "PK\1\2" + le<uint16_t>(20) + le<uint16_t>(20) + le(e.flags) + le(e.method) +
                 times + le(e.crc) + le(e.compressed) + le(e.size) + name_size(e.name) +
                 name_size(e.extra) + le<uint16_t>(0) + le(e.disk) + le<uint16_t>(0) +
                 le<uint32_t>(0) + le(offset) + e.name + e.extra;
  }
  file += options.before_directory;
  const auto offset = static_cast<uint32_t>(file.size() + options.offset_added);
  const auto count = static_cast<uint32_t>(entries.size() + options.entries_added);
  const auto bytes = static_cast<uint32_t>(directory.size() + options.bytes_added);
  file += directory;
  if (options.zip64) {
    const auto end = static_cast<uint64_t>(file.size());
    file += "PK\6\6" + le<uint64_t>(44) + le<uint16_t>(45) + le<uint16_t>(45) +
            le<uint32_t>(options.disk) + le<uint32_t>(0) + le<uint64_t>(count) +
            le<uint64_t>(count) + le<uint64_t>(bytes) + le<uint64_t>(offset);
    file += "PK\6\7" + le<uint32_t>(0) + le(end) + le<uint32_t>(1);
    file += std::string("PK\5\6") + std::string(4, '\0') + std::string(12, '\xff');
  } else {
    file += "PK\5\6" + le(options.disk) + le<uint16_t>(0) + le(static_cast<uint16_t>(count)) +
            le(static_cast<uint16_t>(count)) + le(bytes) + le(offset);
  }
  return file + le(static_cast<uint16_t>(options.comment.size())) + options.comment + options.after;
}

// Pickles, protocol 2, as torch.save writes them.

inline std::string text(const std::string& value) {
  return "X" + le(static_cast<uint32_t>(value.size())) + value;
}
inline std::string integer(int32_t value) { return "J" + le(value); }
inline std::string long_integer(int64_t value) { return "\x8a\x08" + le(value); }
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string out = "(";
  for (const std::string& item : items) out += item;
  return out + "t";
}
inline std::string integers(const std::vector<int64_t>& values) {
  std::vector<std::string> items;
  for (const int64_t value : values) items.push_back(long_integer(value));
  return tuple(items);
}
using Members = std::vector<std::pair<std::string, std::string>>;
inline std::string dict(const Members& members) {
  std::string out = "}(";
  for (const auto& [key, value] : members) out += text(key) + value;
  return out + "u";
}
inline std::string ordered_dict() { return global("collections", "OrderedDict") + ")R"; }
inline std::string pickle(const std::string& value) { return "\x80\x02" + value + "."; }

struct TensorSpec {
  std::string key = "0";
  int64_t numel = 6;
  int64_t offset = 0;
  std::vector<int64_t> shape = {2, 3};
  std::vector<int64_t> strides = {3, 1};
  std::string storage = "FloatStorage";
  std::string metadata = {};
};

inline std::string storage(const TensorSpec& spec) {
  return tuple({text("storage"), global("torch", spec.storage), text(spec.key), text("cpu"),
                long_integer(spec.numel)}) +
         "Q";
}

inline std::string tensor(const TensorSpec& spec = {}) {
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple({storage(spec), long_integer(spec.offset), integers(spec.shape),
                integers(spec.strides), "\x89", ordered_dict(), spec.metadata}) +
         "R";
}

/// The entries of a file that torch.save would write for this pickle and this storage '0'.
inline std::vector<ZipSpec> torch_entries(const std::string& value,
                                          const std::string& data = floats({1, 2, 3, 4, 5, 6})) {
  return {{.name = "archive/data.pkl", .data = pickle(value), .flags = 0x0808},
          {.name = "archive/byteorder", .data = "little", .flags = 0x0808},
          {.name = "archive/data/0", .data = data, .flags = 0x0808},
          {.name = "archive/version", .data = "3\n", .flags = 0x0808}};
}

inline std::string torch_file(const std::string& value,
                              const std::string& data = floats({1, 2, 3, 4, 5, 6})) {
  return zip(torch_entries(value, data), {.zip64 = true});
}

/// A folder that goes with its files.
class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bigtransfer-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string path(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path(name), std::ios::binary).write(bytes.data(), std::ssize(bytes));
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace bigtransfer::checkpoint::test

// Joins the zip's entries with the pickle's tensors.
#include "checkpoint/torch_zip.h"

#include <optional>
#include <unordered_map>

#include "checkpoint/bytes.h"
#include "checkpoint/crc32.h"
#include "checkpoint/fail.h"
#include "checkpoint/pickle.h"
#include "checkpoint/state_dict.h"
#include "checkpoint/zip.h"

namespace bigtransfer::checkpoint {
namespace {

using Entries = std::unordered_map<std::string_view, const ZipEntry*>;

struct TorchDtype {
  std::string_view storage, name;
  at::ScalarType dtype;
};

/// torch/storage.py, _dtype_to_storage_type_map.
constexpr TorchDtype kDtypes[] = {
    {"DoubleStorage", "float64", at::ScalarType::Double},
    {"FloatStorage", "float32", at::ScalarType::Float},
    {"HalfStorage", "float16", at::ScalarType::Half},
    {"BFloat16Storage", "bfloat16", at::ScalarType::BFloat16},
    {"LongStorage", "int64", at::ScalarType::Long},
    {"IntStorage", "int32", at::ScalarType::Int},
    {"ShortStorage", "int16", at::ScalarType::Short},
    {"CharStorage", "int8", at::ScalarType::Char},
    {"ByteStorage", "uint8", at::ScalarType::Byte},
    {"BoolStorage", "bool", at::ScalarType::Bool},
};

/// Undefined for the others.
at::ScalarType find_dtype(std::string_view name) {
  for (const TorchDtype& each : kDtypes) {
    if (each.storage == name || each.name == name) return each.dtype;
  }
  return at::ScalarType::Undefined;
}

/// The archive's folder is named after the file as it was saved.
std::string find_folder(const std::vector<ZipEntry>& entries, const std::string& file) {
  constexpr std::string_view kPickleName = "/data.pkl";
  std::optional<std::string> folder;
  for (const ZipEntry& entry : entries) {
    if (!entry.name.ends_with(kPickleName)) continue;
    const std::string_view before = entry.name.substr(0, entry.name.size() - kPickleName.size());
    if (before.find('/') != before.npos) continue;
    if (folder) fail(file, "this zip archive holds more than one data.pkl");
    folder = std::string(before) + "/";
  }
  if (!folder) fail(file, "a zip archive that torch.save did not write: it holds no data.pkl");
  return *folder;
}

std::string_view trimmed(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \r\n") + 1);
}

/// What must hold before the pickle is looked at; returns the pickle's bytes.
std::string_view check_archive(const Entries& entries, const std::string& folder,
                               const std::string& file) {
  if (entries.contains(folder + "constants.pkl")) {
    fail(file,
         "a TorchScript program, not a state dict: load it with torch.jit.load and save its "
         "state_dict()");
  }
  for (const auto& [name, entry] : entries) {
    if (entry->compressed) {
      fail(file, "entry " + in_quotes(name) +
                     " is compressed, which torch.save never does: load "
                     "it in Python and save it again");
    }
  }
  const auto order = entries.find(folder + "byteorder");
  if (order != entries.end() && trimmed(order->second->data) != "little") {
    fail(file,
         "its tensors are big-endian, which is not supported: save it on a little-endian machine");
  }
  const ZipEntry& pickle = *entries.at(folder + "data.pkl");
  // torch.serialization.set_crc32_options(False) leaves 0.
  if (pickle.crc32 != 0 && crc32(pickle.data) != pickle.crc32) {
    fail(file, std::string("the checksum of data.pkl does not match; ") + kDownloadAgain);
  }
  return pickle.data;
}

/// One past the last element that shape and strides reach, from the storage offset; 0 for a tensor
/// without elements; nothing when it overflows or a size is negative.
std::optional<uint64_t> reach(const PickledTensor& tensor) {
  uint64_t last = 0;
  bool empty = false;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    if (tensor.shape[i] < 0 || tensor.strides[i] < 0) return std::nullopt;
    empty = empty || tensor.shape[i] == 0;
    if (tensor.shape[i] == 0) continue;
    const auto step = checked_multiply(static_cast<uint64_t>(tensor.shape[i] - 1),
                                       static_cast<uint64_t>(tensor.strides[i]));
    const auto sum = step ? checked_add(last, *step) : std::nullopt;
    if (!sum) return std::nullopt;
    last = *sum;
  }
  return empty ? 0 : checked_add(last, 1);
}

class Locator {
 public:
  Locator(std::string_view bytes, const Entries& entries, const std::string& folder)
      : bytes_(bytes), entries_(entries), folder_(folder) {}

  StoredTensor locate(const std::string& name, PickledTensor pickled,
                      const std::string& where) const {
    const at::ScalarType dtype = find_dtype(pickled.dtype);
    const std::string dtype_name(pickled.dtype);
    if (dtype == at::ScalarType::Undefined)
      return {name, dtype, dtype_name, std::move(pickled.shape), {}, 0, 0};
    const uint64_t item = c10::elementSize(dtype);
    const std::string_view data = storage(pickled, item, where);
    if (pickled.shape.size() != pickled.strides.size())
      fail(where, "shape and strides differ in length");
    if (!dense_bytes(pickled.shape, item))
      fail(where, "its shape is negative or too large for 64 bits");
    const auto elements = reach(pickled);
    const auto end = elements && pickled.storage_offset >= 0
                         ? checked_add(static_cast<uint64_t>(pickled.storage_offset), *elements)
                         : std::nullopt;
    if (!end || *end > data.size() / item) fail(where, "it reaches beyond its storage");
    // Strides of nothing mean nothing, but libtorch would multiply them.
    if (*elements == 0) pickled.strides.clear();
    const auto begin = static_cast<uint64_t>(data.data() - bytes_.data());
    return {name,
            dtype,
            dtype_name,
            std::move(pickled.shape),
            std::move(pickled.strides),
            begin + static_cast<uint64_t>(pickled.storage_offset) * item,
            *elements * item};
  }

 private:
  /// The storage's bytes, no more of them than the pickle speaks of.
  std::string_view storage(const PickledTensor& pickled, uint64_t item,
                           const std::string& where) const {
    const auto found = entries_.find(folder_ + "data/" + std::string(pickled.storage_key));
    if (found == entries_.end()) {
      fail(where, "the file lacks its storage " + in_quotes(pickled.storage_key));
    }
    const auto size = pickled.storage_size < 0
                          ? std::nullopt
                          : checked_multiply(static_cast<uint64_t>(pickled.storage_size),
                                             pickled.bytes_counted ? 1 : item);
    const std::string_view data = found->second->data;
    if (!size || *size > data.size()) {
      fail(where,
           "its storage has " + std::to_string(data.size()) + " bytes, fewer than data.pkl says");
    }
    return data.substr(0, *size);
  }

  std::string_view bytes_;
  const Entries& entries_;
  const std::string& folder_;
};

}  // namespace

std::vector<StoredTensor> read_torch_zip(std::string_view bytes, const std::string& file) {
  const std::vector<ZipEntry> list = read_zip(bytes, file);
  const std::string folder = find_folder(list, file);
  Entries entries;
  for (const ZipEntry& entry : list) entries.emplace(entry.name, &entry);
  const std::string where = file + ": data.pkl";
  const Pickle pickle(check_archive(entries, folder, file), is_state_dict_global, where);
  const Locator locator(bytes, entries, folder);
  std::vector<StoredTensor> tensors;
  for (auto& [name, tensor] : find_state_dict(pickle.root(), where)) {
    tensors.push_back(
        locator.locate(name, std::move(tensor), file + ": tensor " + in_quotes(name)));
  }
  return tensors;
}

}  // namespace bigtransfer::checkpoint

// The header of a safetensors file: length, JSON, then tensors that tile the rest of the file.
#include "checkpoint/safetensors.h"

#include <algorithm>
#include <optional>

#include "checkpoint/bytes.h"
#include "checkpoint/fail.h"
#include "checkpoint/json.h"

namespace bigtransfer::checkpoint {
namespace {

constexpr size_t kLengthBytes = 8;

struct DtypeName {
  std::string_view name;
  at::ScalarType dtype;
};

/// The format also has 4- to 8-bit floats, complex and wide unsigned numbers: no weights of a BiT,
/// and no obstacle beside them.
constexpr DtypeName kDtypes[] = {
    {"F64", at::ScalarType::Double}, {"F32", at::ScalarType::Float},
    {"F16", at::ScalarType::Half},   {"BF16", at::ScalarType::BFloat16},
    {"I64", at::ScalarType::Long},   {"I32", at::ScalarType::Int},
    {"I16", at::ScalarType::Short},  {"I8", at::ScalarType::Char},
    {"U8", at::ScalarType::Byte},    {"BOOL", at::ScalarType::Bool},
};

/// Undefined for the others.
at::ScalarType find_dtype(const std::string& name) {
  for (const DtypeName& each : kDtypes) {
    if (each.name == name) return each.dtype;
  }
  return at::ScalarType::Undefined;
}

/// A member that is an array of integers of at least 0.
std::vector<int64_t> sizes(const Json& entry, std::string_view key, const std::string& where) {
  const Json* member = entry.find(key);
  if (!member || !member->array()) fail(where, "no array '" + std::string(key) + "' in the header");
  std::vector<int64_t> result;
  for (const Json& item : *member->array()) {
    if (!item.integer() || *item.integer() < 0) {
      fail(where, "'" + std::string(key) + "' must hold integers of at least 0");
    }
    result.push_back(*item.integer());
  }
  return result;
}

/// One entry of the header, its offset still counted from the end of the header.
StoredTensor read_entry(const std::string& name, const Json& entry, const std::string& file) {
  const std::string where = file + ": tensor " + in_quotes(name);
  const Json* dtype = entry.find("dtype");
  if (!dtype || !dtype->string()) fail(where, "no string 'dtype' in the header");
  StoredTensor tensor{
      name, find_dtype(*dtype->string()), *dtype->string(), sizes(entry, "shape", where), {}, 0, 0};
  const std::vector<int64_t> offsets = sizes(entry, "data_offsets", where);
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    fail(where, "'data_offsets' must be [begin, end] with begin at most end");
  }
  tensor.offset = static_cast<uint64_t>(offsets[0]);
  tensor.bytes = static_cast<uint64_t>(offsets[1] - offsets[0]);
  if (tensor.dtype == at::ScalarType::Undefined) return tensor;
  const auto expected = dense_bytes(tensor.shape, c10::elementSize(tensor.dtype));
  if (!expected) fail(where, "its shape is too large for 64 bits");
  if (*expected != tensor.bytes) {
    fail(where, "dtype and shape make " + std::to_string(*expected) + " bytes, but the file has " +
                    std::to_string(tensor.bytes));
  }
  return tensor;
}

void check_metadata(const Json& metadata, const std::string& file) {
  if (std::holds_alternative<std::nullptr_t>(metadata.value)) return;
  const auto is_text = [](const auto& member) { return member.value.string() != nullptr; };
  if (!metadata.object() ||
      !std::all_of(metadata.object()->begin(), metadata.object()->end(), is_text)) {
    fail(file, "'__metadata__' must map strings to strings");
  }
}

Json read_header(std::string_view bytes, const std::string& file) {
  if (bytes.size() < kLengthBytes)
    fail(file, std::string("no safetensors header: ") + kDownloadAgain);
  const auto length = load<uint64_t>(bytes, 0);
  if (length > kMaxSafetensorsHeader) {
    fail(file, "a safetensors header of " + std::to_string(length) +
                   " bytes is over the limit of " + std::to_string(kMaxSafetensorsHeader) + "; " +
                   kDownloadAgain);
  }
  if (length > bytes.size() - kLengthBytes) {
    fail(file, "the header of " + std::to_string(length) + " bytes is longer than the file of " +
                   std::to_string(bytes.size()) + "; " + kDownloadAgain);
  }
  Json header = parse_json(bytes.substr(kLengthBytes, length), file + ": header");
  if (!header.object()) fail(file, "the header must be a JSON object");
  return header;
}

/// The tensors, sorted by offset, must tile `available` bytes.
void check_tiling(const std::vector<StoredTensor>& tensors, uint64_t available,
                  const std::string& file) {
  uint64_t end = 0;
  for (const StoredTensor& tensor : tensors) {
    if (tensor.offset != end) {
      fail(file, "tensor " + in_quotes(tensor.name) +
                     (tensor.offset < end ? " overlaps the one before it"
                                          : " leaves a hole between itself and the one before it"));
    }
    end = tensor.offset + tensor.bytes;  // both came from int64s, begin + bytes too
  }
  if (end > available) {
    fail(file, "the header speaks of " + std::to_string(end) +
                   " bytes of tensors, but the file has " + std::to_string(available) + ": " +
                   kDownloadAgain);
  }
  if (end < available) {
    fail(file, std::to_string(available - end) + " bytes follow the last tensor");
  }
}

}  // namespace

std::vector<StoredTensor> read_safetensors(std::string_view bytes, const std::string& file) {
  const Json header = read_header(bytes, file);
  std::vector<StoredTensor> tensors;
  for (const auto& [name, entry] : *header.object()) {
    if (name == kSafetensorsMetadata) {
      check_metadata(entry, file);
    } else {
      tensors.push_back(read_entry(name, entry, file));
    }
  }
  // Tensors without elements share their offset with the next: ends tell them apart.
  std::stable_sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) {
    return std::pair(a.offset, a.bytes) < std::pair(b.offset, b.bytes);
  });
  const uint64_t data = kLengthBytes + load<uint64_t>(bytes, 0);
  check_tiling(tensors, bytes.size() - data, file);
  for (StoredTensor& tensor : tensors) tensor.offset += data;
  return tensors;
}

std::string_view safetensors_dtype(at::ScalarType dtype) {
  for (const DtypeName& each : kDtypes) {
    if (each.dtype == dtype) return each.name;
  }
  return {};
}

}  // namespace bigtransfer::checkpoint

// Header first, then tensor by tensor.
#include "checkpoint/safetensors_writer.h"

#include <set>

#include "checkpoint/atomic_file.h"
#include "checkpoint/fail.h"
#include "checkpoint/json.h"
#include "checkpoint/safetensors.h"

namespace bigtransfer::checkpoint {
namespace {

using NamedTensor = std::pair<std::string, at::Tensor>;

/// Padding the header keeps the first tensor aligned for every dtype.
constexpr size_t kHeaderAlignment = 8;

std::string metadata_json(const std::map<std::string, std::string>& metadata,
                          const std::string& path) {
  std::string json;
  for (const auto& [key, value] : metadata) {
    json += (json.empty() ? "" : ",") + json_quote(key, path) + ":" + json_quote(value, path);
  }
  return json_quote(kSafetensorsMetadata, path) + ":{" + json + "}";
}

std::string entry_json(const NamedTensor& named, uint64_t begin, const std::string& path) {
  const auto& [name, tensor] = named;
  const std::string where = path + ": tensor " + in_quotes(name);
  if (!tensor.defined() || tensor.layout() != at::kStrided) fail(where, "not a dense tensor");
  const std::string_view dtype = safetensors_dtype(tensor.scalar_type());
  if (dtype.empty()) {
    fail(where, std::string("safetensors cannot hold ") + c10::toString(tensor.scalar_type()));
  }
  std::string shape;
  for (const int64_t size : tensor.sizes())
    shape += (shape.empty() ? "" : ",") + std::to_string(size);
  return json_quote(name, where) + ":{\"dtype\":\"" + std::string(dtype) + "\",\"shape\":[" +
         shape + "],\"data_offsets\":[" + std::to_string(begin) + "," +
         std::to_string(begin + tensor.nbytes()) + "]}";
}

std::string header_json(const std::vector<NamedTensor>& tensors,
                        const std::map<std::string, std::string>& metadata,
                        const std::string& path) {
  std::string json = "{";
  if (!metadata.empty()) json += metadata_json(metadata, path);
  std::set<std::string_view> names{kSafetensorsMetadata};
  uint64_t begin = 0;
  for (const NamedTensor& named : tensors) {
    if (!names.insert(named.first).second) {
      fail(path, "the name " + in_quotes(named.first) + " is taken: it cannot be written twice");
    }
    if (json.size() > 1) json += ',';
    json += entry_json(named, begin, path);
    begin += named.second.nbytes();
  }
  json += '}';
  json.append((kHeaderAlignment - json.size() % kHeaderAlignment) % kHeaderAlignment, ' ');
  if (json.size() > kMaxSafetensorsHeader) fail(path, "too many tensors for one safetensors file");
  return json;
}

}  // namespace

void write_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const std::string header = header_json(tensors, metadata, path);
  const uint64_t length = header.size();
  AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(&length), sizeof(length)});
  file.write(header);
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor dense = tensor.detach().to(at::kCPU).contiguous();
    file.write({static_cast<const char*>(dense.const_data_ptr()), dense.nbytes()});
  }
  file.commit();
}

}  // namespace bigtransfer::checkpoint

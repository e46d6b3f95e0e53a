// Opens files by content and makes tensors of their bytes.
#include "checkpoint/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "checkpoint/content.h"
#include "checkpoint/fail.h"
#include "checkpoint/safetensors.h"
#include "checkpoint/torch_zip.h"

namespace bigtransfer::checkpoint {
namespace {

/// `keep` lives as long as the view. Only reading is meant, but from_blob takes no const pointer.
template <typename Keep>
at::Tensor view(const void* data, const StoredTensor& tensor, Keep keep) {
  const auto options = at::TensorOptions().dtype(tensor.dtype);
  const auto release = [keep = std::move(keep)](void*) {};
  void* bytes = const_cast<void*>(data);
  return tensor.strides.empty()
             ? at::from_blob(bytes, tensor.shape, release, options)
             : at::from_blob(bytes, tensor.shape, tensor.strides, release, options);
}

}  // namespace

std::vector<StoredTensor> read_tensors(std::string_view bytes, const std::string& file) {
  switch (recognize(bytes, file)) {
    case Content::kSafetensors:
      return read_safetensors(bytes, file);
    case Content::kTorchZip:
      return read_torch_zip(bytes, file);
  }
  return {};
}

Checkpoint Checkpoint::open(const std::vector<std::string>& paths) {
  if (paths.empty()) throw Error(ErrorCode::kCheckpoint, "No checkpoint file was given");
  Checkpoint checkpoint;
  for (const std::string& path : paths) checkpoint.add(path);
  return checkpoint;
}

void Checkpoint::add(const std::string& path) {
  const auto file = std::make_shared<const MappedFile>(path);
  for (StoredTensor& tensor : read_tensors(file->bytes(), file->path())) {
    const bool is_known = tensor.dtype != at::ScalarType::Undefined;
    TensorInfo info{tensor.name, tensor.dtype,
                    is_known ? c10::toString(tensor.dtype) : tensor.dtype_name, tensor.shape, path};
    if (places_.contains(tensor.name)) {
      *std::ranges::find(tensors_, tensor.name, &TensorInfo::name) = std::move(info);
    } else {
      tensors_.push_back(std::move(info));
    }
    std::string name = tensor.name;
    places_.insert_or_assign(std::move(name), Place{file, std::move(tensor)});
  }
}

at::Tensor Checkpoint::tensor(const std::string& name) const {
  const Place& place = this->place(name);
  place.file->expect_unchanged();
  if (place.tensor.dtype == at::ScalarType::Undefined) {
    fail(place.file->path() + ": tensor " + in_quotes(name),
         "dtype " + in_quotes(place.tensor.dtype_name) +
             " is not supported: convert it to float32, float16 or bfloat16");
  }
  const char* data = place.file->bytes().data() + place.tensor.offset;
  // Mappings start on a page, so the offset tells. Files from before headers were padded have odd
  // ones.
  if (place.tensor.bytes == 0 || place.tensor.offset % c10::elementSize(place.tensor.dtype) == 0) {
    return view(data, place.tensor, place.file);
  }
  const at::Tensor copy = at::empty({static_cast<int64_t>(place.tensor.bytes)}, at::kByte);
  std::memcpy(copy.mutable_data_ptr(), data, place.tensor.bytes);
  return view(copy.const_data_ptr(), place.tensor, copy);
}

void Checkpoint::discard(const std::string& name) const {
  const Place& place = this->place(name);
  place.file->discard(place.tensor.offset, place.tensor.bytes);
}

const Checkpoint::Place& Checkpoint::place(const std::string& name) const {
  const auto found = places_.find(name);
  if (found == places_.end()) {
    throw Error(ErrorCode::kCheckpoint, "The checkpoint has no tensor " + in_quotes(name));
  }
  return found->second;
}

}  // namespace bigtransfer::checkpoint

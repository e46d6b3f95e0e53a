// Reading safetensors files (https://github.com/huggingface/safetensors#format).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/stored_tensor.h"

namespace bigtransfer::checkpoint {

/// The format's limit on the header, which keeps a lying length from eating memory
/// (safetensors/src/tensor.rs, MAX_HEADER_SIZE).
inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000;

/// The format's reserved key for a map of strings.
inline constexpr std::string_view kSafetensorsMetadata = "__metadata__";

/// The tensors in `bytes`, in the order of their data. Throws Error kCheckpoint, starting with
/// `file`, for what the format forbids: tensors that overlap, leave holes or end elsewhere than the
/// file does; sizes that disagree with dtype and shape; and for dtypes that libtorch's operators
/// do not compute with.
std::vector<StoredTensor> read_safetensors(std::string_view bytes, const std::string& file);

/// The format's name of a dtype; empty if it cannot be stored.
std::string_view safetensors_dtype(at::ScalarType dtype);

}  // namespace bigtransfer::checkpoint

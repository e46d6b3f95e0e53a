// Telling what a file is by its first bytes.
#pragma once

#include <string>
#include <string_view>

namespace bigtransfer::checkpoint {

enum class Content { kSafetensors, kTorchZip };

/// Throws Error kCheckpoint, starting with `file`, for what is neither; with advice for what often
/// lies in a checkpoint's place: Git LFS pointers, web pages, empty files, torch.save files from
/// before PyTorch 1.6, other pickles, arrays of NumPy.
Content recognize(std::string_view bytes, const std::string& file);

}  // namespace bigtransfer::checkpoint

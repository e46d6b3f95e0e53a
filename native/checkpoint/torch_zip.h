// Reading what torch.save writes since PyTorch 1.6: a zip of one pickle and its storages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/stored_tensor.h"

namespace bigtransfer::checkpoint {

/// The tensors of the file's state dict, in its order: the dictionary at the top, or the one under
/// 'state_dict', 'model_state_dict' or 'model', or the only one that holds tensors. Its other
/// values are left out. Tensors may share a storage. Throws Error kCheckpoint, starting with
/// `file`, for anything but plain containers of plain tensors, see Pickle and read_zip; for tensors
/// that reach beyond their storages; and for dtypes other than safetensors' common ones.
std::vector<StoredTensor> read_torch_zip(std::string_view bytes, const std::string& file);

}  // namespace bigtransfer::checkpoint

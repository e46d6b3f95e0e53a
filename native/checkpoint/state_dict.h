// Finding the dictionary of tensors within a pickle.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "checkpoint/pickled_tensor.h"

namespace bigtransfer::checkpoint {

/// The tensors of the state dict found from `root`, in its order: see read_torch_zip. Throws Error
/// kCheckpoint, starting with `where`, when there is none or several, or a tensor is malformed.
std::vector<std::pair<std::string, PickledTensor>> find_state_dict(const PickleValue& root,
                                                                   const std::string& where);

}  // namespace bigtransfer::checkpoint

// Tensors and parameters as torch.save pickles them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/pickle.h"

namespace bigtransfer::checkpoint {

/// The globals that plain state dicts use; none of them is ever called.
bool is_state_dict_global(std::string_view module, std::string_view name);

/// A pickled tensor, its types still names in module torch.
struct PickledTensor {
  /// "FloatStorage", or for _rebuild_tensor_v3 "float8_e4m3fn".
  std::string_view dtype;
  /// Of the entry 'data/<key>'.
  std::string_view storage_key;
  /// Elements of `dtype`; with `bytes_counted`, bytes.
  int64_t storage_size;
  bool bytes_counted;
  int64_t storage_offset;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
};

/// Whether `value` is a tensor or a parameter.
bool is_tensor(const PickleValue& value);

/// Reads a value that is_tensor(). Throws Error kCheckpoint, starting with `where`, when it is not
/// as torch.save writes it; the numbers are as they stand in the file, so far unchecked.
PickledTensor read_tensor(const PickleValue& value, const std::string& where);

}  // namespace bigtransfer::checkpoint

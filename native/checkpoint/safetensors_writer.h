// Writing safetensors files.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace bigtransfer::checkpoint {

/// Writes the tensors in the order given, each densely, to a temporary file that then takes the
/// place of `path` at once, so a reader (or a mapping of the file replaced) never sees half of it.
/// Copies at most one tensor at a time (one that is not contiguous or not on the CPU). Throws Error
/// kCheckpoint for a dtype that the format lacks, a name used twice or not UTF-8, and when the file
/// cannot be written; what stood at `path` is then untouched.
void write_safetensors(const std::string& path,
                       const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace bigtransfer::checkpoint

// Names to parameters: matches a checkpoint's tensors with a network's, keeping count of the rest.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "model/parameters.h"

namespace bigtransfer::model {

struct MismatchedKey {
  std::string name;
  std::vector<int64_t> checkpoint_shape;
  std::vector<int64_t> model_shape;
};

/// Keys by the model's names, but for the unexpected ones, which have the file's.
struct LoadingInfo {
  std::vector<std::string> missing;
  std::vector<std::string> unexpected;
  std::vector<MismatchedKey> mismatched;
};

/// What a checkpoint may lack, to be drawn at random instead.
struct Lacks {
  /// Parameters that it has in another shape.
  bool mismatched_sizes;
  /// More than half of the trunk, or all of it.
  bool most_keys;
};

/// What stands in a network's state dict. Tensors of a checkpoint stay in its mapped file until
/// they are asked for, so that holding them costs no memory.
class Weights {
 public:
  /// Every parameter drawn at random.
  Weights(std::vector<ParameterSpec> parameters, uint64_t seed);

  /// From a checkpoint whose trunk names may have transformers' 'bit.' prefix or not. What it lacks
  /// is drawn at random. Throws Error kCheckpoint for what `allowed` does not allow.
  Weights(std::vector<ParameterSpec> parameters, uint64_t seed, checkpoint::Checkpoint file,
          const Lacks& allowed);

  /// The parameter in float32; one that lies in a file as float32 is a view of its mapping.
  at::Tensor get(const std::string& name) const;
  /// The parameter as memory of its own, with its pages of the mapped file given back.
  at::Tensor take(const std::string& name) const;
  /// Gives back the pages that get() brought in.
  void discard(const std::string& name) const;

  /// Memory that it holds: parameters that were drawn, not those in a file.
  int64_t bytes() const;

  const std::vector<ParameterSpec>& parameters() const { return parameters_; }
  const LoadingInfo& loading_info() const { return info_; }

 private:
  void match(const Lacks& allowed);
  void refuse_foreign() const;
  void refuse_mismatched() const;

  std::vector<ParameterSpec> parameters_;
  std::unique_ptr<checkpoint::Checkpoint> file_;
  /// Model name to the file's name, for what comes from the file.
  std::map<std::string, std::string> in_file_;
  std::map<std::string, at::Tensor> in_memory_;
  LoadingInfo info_;
};

}  // namespace bigtransfer::model

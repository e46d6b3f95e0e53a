// Names to parameters: matches a checkpoint's tensors with a network's, keeping count of the rest.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
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

/// Where weights come from.
struct WeightsSource {
  /// Checkpoint files; none for random weights.
  std::vector<std::string> files;
  /// What the files may lack.
  Lacks allowed;
  /// Of all that is drawn.
  uint64_t seed;
};

/// A parameter in float32 to be read, and not to be written to: it may be shared, or a view of a
/// file's mapping, whose pages are given back when it goes.
class LentTensor {
 public:
  LentTensor(at::Tensor tensor, std::function<void()> give_back)
      : tensor_(std::move(tensor)), give_back_(std::move(give_back)) {}
  ~LentTensor() {
    if (give_back_) give_back_();
  }
  LentTensor(const LentTensor&) = delete;
  LentTensor& operator=(const LentTensor&) = delete;

  const at::Tensor& read() const { return tensor_; }

 private:
  at::Tensor tensor_;
  std::function<void()> give_back_;
};

/// What stands in a network's state dict. Tensors of a checkpoint stay in its mapped file until
/// they are asked for, so that holding them costs no memory.
class Weights {
 public:
  /// Every parameter drawn at random.
  Weights(std::vector<ParameterSpec> parameters, uint64_t seed);

  /// By either of these two.
  static Weights read(std::vector<ParameterSpec> parameters, const WeightsSource& source);

  /// From a checkpoint whose trunk names may have transformers' 'bit.' prefix or not. What it lacks
  /// is drawn at random. Throws Error kCheckpoint for what `allowed` does not allow.
  Weights(std::vector<ParameterSpec> parameters, uint64_t seed, checkpoint::Checkpoint file,
          const Lacks& allowed);

  LentTensor lend(const std::string& name) const;
  /// The parameter in float32 as memory of its own.
  at::Tensor copy(const std::string& name) const;

  /// Memory that it holds: parameters that were drawn, not those in a file.
  int64_t bytes() const;

  const std::vector<ParameterSpec>& parameters() const { return parameters_; }
  const LoadingInfo& loading_info() const { return info_; }

 private:
  /// A view where it can be.
  at::Tensor view(const std::string& name) const;
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

// One or more tensor files as one set of named tensors.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "checkpoint/mapped_file.h"
#include "checkpoint/stored_tensor.h"

namespace bigtransfer::checkpoint {

struct TensorInfo {
  std::string name;
  /// Undefined for one that is not supported.
  at::ScalarType dtype;
  /// libtorch's name, or else the file's.
  std::string dtype_name;
  std::vector<int64_t> shape;
  /// The path of the file that it is in.
  std::string file;
};

/// The tensors of a file whose content is `bytes`: where they lie in it. Throws Error kCheckpoint,
/// starting with `file`, for what is damaged, truncated or no checkpoint.
std::vector<StoredTensor> read_tensors(std::string_view bytes, const std::string& file);

/// Copies share the mappings, which live as long as a copy or a tensor made from it.
class Checkpoint {
 public:
  /// Maps every file, of any kind that Content has, told apart by content. Reads the headers, not
  /// the tensors. Of a tensor that several files have, the last one's counts, as for
  /// transformers. Throws Error kCheckpoint, naming file and tensor, when a file cannot be opened,
  /// is damaged, truncated or of another kind.
  static Checkpoint open(const std::vector<std::string>& paths);

  /// In the order of the paths, and within a file in its order; each name once.
  const std::vector<TensorInfo>& tensors() const { return tensors_; }
  bool contains(const std::string& name) const { return places_.contains(name); }

  /// A view of the mapped bytes with the stored dtype and strides; it must not be written to (the
  /// mapping is read-only: SIGSEGV). A copy where the file has it misaligned. Throws Error
  /// kCheckpoint for an unknown name, a dtype that is not supported, and when the file has changed
  /// since it was opened.
  at::Tensor tensor(const std::string& name) const;

  /// Lets the system drop the tensor's pages from memory. Views of it stay valid and read the file
  /// again, so that copying tensor by tensor never holds the weights twice. Throws as tensor().
  void discard(const std::string& name) const;

 private:
  struct Place {
    std::shared_ptr<const MappedFile> file;
    StoredTensor tensor;
  };

  void add(const std::string& path);
  const Place& place(const std::string& name) const;

  std::vector<TensorInfo> tensors_;
  std::unordered_map<std::string, Place> places_;
};

}  // namespace bigtransfer::checkpoint

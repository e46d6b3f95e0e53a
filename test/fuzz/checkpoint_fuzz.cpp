// Any bytes as a checkpoint file: an Error, or tensors within the file.
#include <cstdlib>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "common/error.h"

using namespace bigtransfer;
using namespace bigtransfer::checkpoint;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string file = "fuzz";
  try {
    for (const StoredTensor& tensor : read_tensors(bytes, file)) {
      if (tensor.bytes > size || tensor.offset > size - tensor.bytes) std::abort();
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCheckpoint) std::abort();
  }
  return 0;
}

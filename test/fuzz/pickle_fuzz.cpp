// Any bytes as a pickle, which in a file would stand behind a checksum.
#include <cstdlib>
#include <string>

#include "checkpoint/pickle.h"
#include "common/error.h"

using namespace bigtransfer;
using namespace bigtransfer::checkpoint;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const Pickle pickle(
        {reinterpret_cast<const char*>(data), size},
        [](std::string_view, std::string_view) { return true; }, "fuzz");
    if (pickle.root().kind > PickleValue::Kind::kPersistent) std::abort();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCheckpoint) std::abort();
  }
  return 0;
}

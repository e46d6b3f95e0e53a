// Damaged files end in an Error or in tensors that lie within the file, never in a crash.
#include <random>

#include "check.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/fixtures.h"
#include "common/error.h"

namespace bigtransfer::checkpoint::test {
namespace {

/// One past the last byte that a tensor reaches by its shape and strides; 0 without elements.
uint64_t end_of(const StoredTensor& tensor) {
  const uint64_t item = c10::elementSize(tensor.dtype);
  uint64_t last = 0, dense = 1;
  for (size_t i = tensor.shape.size(); i-- > 0;) {
    if (tensor.shape[i] == 0) return 0;
    const auto stride = tensor.strides.empty() ? dense : static_cast<uint64_t>(tensor.strides[i]);
    last += static_cast<uint64_t>(tensor.shape[i] - 1) * stride;
    dense *= static_cast<uint64_t>(tensor.shape[i]);
  }
  return tensor.offset + (last + 1) * item;
}

/// Whether the file was refused; if not, its tensors must lie within it.
bool refused(const std::string& bytes) {
  // Exactly as large as the file, so that the address sanitizer sees a read beyond its end.
  const std::vector<char> exact(bytes.begin(), bytes.end());
  const std::string_view view(exact.data(), exact.size());
  try {
    for (const StoredTensor& tensor : read_tensors(view, kFile)) {
      EXPECT(tensor.dtype == at::ScalarType::Undefined || end_of(tensor) <= bytes.size());
      EXPECT(tensor.offset + tensor.bytes <= bytes.size());
    }
    return false;
  } catch (const Error& error) {
    EXPECT(error.code() == ErrorCode::kCheckpoint);
    EXPECT(std::string_view(error.what()).starts_with(kFile + ": "));
    return true;
  }
}

std::vector<std::string> small_files() {
  TensorSpec transposed{.shape = {3, 2}, .strides = {1, 3}};
  const std::string state = dict({{"a", tensor()}, {"b", tensor(transposed)}});
  return {small_safetensors(), torch_file(dict({{"state_dict", state}, {"epoch", "K\1"}})),
          zip(torch_entries(state))};
}

TEST("corruption: small files truncated at every byte") {
  for (const std::string& file : small_files()) {
    EXPECT(!refused(file));
    for (size_t size = 0; size < file.size(); ++size) EXPECT(refused(file.substr(0, size)));
  }
}

TEST("corruption: every byte of small files with every bit flipped, and set to extremes") {
  for (const std::string& file : small_files()) {
    for (size_t at = 0; at < file.size(); ++at) {
      for (const int change : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
        std::string bytes = file;
        bytes[at] = static_cast<char>(bytes[at] ^ change);
        refused(bytes);
      }
    }
  }
}

TEST("corruption: the pickle alone, past its checksum") {
  std::vector<ZipSpec> entries = torch_entries(dict({{"a", tensor()}, {"b", tensor()}}));
  const std::string pickle = entries[0].data;
  for (size_t at = 0; at < pickle.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      entries[0].data = pickle;
      entries[0].data[at] = static_cast<char>(value);
      entries[0].crc = 0;
      refused(zip(entries));
    }
  }
}

TEST("corruption: random bytes, spliced, repeated, removed") {
  std::mt19937 random(20190501);
  const auto below = [&](size_t limit) { return random() % limit; };
  for (const std::string& file : small_files()) {
    for (int round = 0; round < 4000; ++round) {
      std::string bytes = file;
      for (size_t edits = below(4); edits-- > 0;)
        bytes[below(bytes.size())] = static_cast<char>(random());
      const size_t from = below(bytes.size()), count = below(24);
      switch (below(4)) {
        case 0:
          bytes.erase(from, count);
          break;
        case 1:
          bytes.insert(below(bytes.size()), bytes.substr(from, count));
          break;
        case 2:
          bytes.replace(from, count, std::string(count, below(2) ? '\xff' : '\0'));
          break;
        default:
          break;
      }
      refused(bytes);
    }
  }
}

TEST("corruption: random opcodes") {
  std::mt19937 random(19450508);
  const std::string opcodes =
      "(.0121NJKMGXUCBT]})ltdaesuqrhjcRbQ\x80\x81\x85\x86\x87\x88\x89\x8a"
      "\x8b\x8c\x8d\x8e\x8f\x90\x91\x93\x94\x95\x96\n\1\2\3\4\5";
  std::vector<ZipSpec> entries = torch_entries("N");
  for (int round = 0; round < 20'000; ++round) {
    std::string program = "\x80\x02";
    for (size_t length = random() % 40; length-- > 0;)
      program += opcodes[random() % opcodes.size()];
    entries[0].data = program + ".";
    entries[0].crc = 0;
    refused(zip(entries));
  }
}

}  // namespace
}  // namespace bigtransfer::checkpoint::test

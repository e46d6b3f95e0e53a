// checkpoint/safetensors_writer: what is written reads back, and the old file survives failures.
#include "checkpoint/safetensors_writer.h"

#include "check.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/fixtures.h"
#include "common/error.h"

namespace bigtransfer::checkpoint::test {
namespace {

using Tensors = std::vector<std::pair<std::string, at::Tensor>>;

TEST("safetensors writer: the bytes of a small file") {
  const TempDir dir;
  const std::string path = dir.path("m.safetensors");
  write_safetensors(path, {{"b", at::ones({2}, at::kFloat)}, {"a", at::zeros({}, at::kByte)}},
                    {{"format", "pt"}});
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
      R"("a":{"dtype":"U8","shape":[],"data_offsets":[8,9]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  EXPECT(read_file(path) == safetensors(padded, floats({1, 1}) + std::string(1, '\0')));
}

TEST("safetensors writer: every dtype and layout reads back") {
  const TempDir dir;
  const std::string path = dir.path("m");
  Tensors tensors;
  for (const auto dtype : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt,
                           at::kShort, at::kChar, at::kByte, at::kBool}) {
    tensors.emplace_back(c10::toString(dtype), at::arange(6).to(dtype).view({3, 2}));
  }
  const at::Tensor base = at::arange(24).to(at::kFloat).view({2, 3, 4});
  tensors.emplace_back("transposed", base.transpose(0, 2));
  tensors.emplace_back("sliced", base.slice(2, 1, 3));
  tensors.emplace_back("expanded", at::ones({1, 3}).expand({4, 3}));
  tensors.emplace_back("empty", at::empty({0, 5}));
  tensors.emplace_back("channels last",
                       at::rand({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast));
  tensors.emplace_back("name \"quoted\" \\ é \n", at::ones({1}));
  write_safetensors(path, tensors, {});
  const auto checkpoint = Checkpoint::open({path});
  EXPECT(checkpoint.tensors().size() == tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT(checkpoint.tensor(name).scalar_type() == tensor.scalar_type());
    EXPECT(checkpoint.tensor(name).equal(tensor));
  }
  write_safetensors(path, {}, {});
  EXPECT(Checkpoint::open({path}).tensors().empty());
}

TEST("safetensors writer: a file may be written over while it is mapped") {
  const TempDir dir;
  const std::string path = dir.write("m", small_safetensors());
  const at::Tensor before = Checkpoint::open({path}).tensor("a");
  write_safetensors(path, {{"a", before * 2}, {"same", before}}, {});
  const auto after = Checkpoint::open({path});
  EXPECT(after.tensor("a").equal(before * 2) && after.tensor("same").equal(before));
}

TEST("safetensors writer: what cannot be written leaves the old file") {
  const TempDir dir;
  const std::string path = dir.write("m", "old");
  const at::Tensor one = at::ones({1});
  const auto check = [&](const Tensors& tensors, const std::string& fragment) {
    EXPECT_THROWS(write_safetensors(path, tensors, {}), ErrorCode::kCheckpoint, fragment);
    EXPECT(read_file(path) == "old");
  };
  check({{"a", one}, {"a", one}}, "'a' is taken");
  check({{"__metadata__", one}}, "'__metadata__' is taken");
  check({{"a", at::Tensor()}}, "not a dense tensor");
  check({{"a", at::ones({1}, at::kComplexFloat)}}, "ComplexFloat");
  check({{"\xff", one}}, "UTF-8");
  EXPECT_THROWS(write_safetensors(dir.path("no/folder"), {{"a", one}}, {}), ErrorCode::kCheckpoint,
                "directory does not exist");
}

}  // namespace
}  // namespace bigtransfer::checkpoint::test

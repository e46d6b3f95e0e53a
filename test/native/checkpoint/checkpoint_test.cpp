// checkpoint/checkpoint: files together, tensors as views of them.
#include "checkpoint/checkpoint.h"

#include "check.h"
#include "checkpoint/fixtures.h"
#include "common/error.h"

namespace bigtransfer::checkpoint::test {
namespace {

const at::Tensor& one_to_six() {
  static const at::Tensor values = at::arange(1, 7).to(at::kFloat).view({2, 3});
  return values;
}

TEST("checkpoint: safetensors and torch.save files side by side") {
  const TempDir dir;
  const TensorSpec transposed{.shape = {3, 2}, .strides = {1, 3}};
  // Extensions don't matter.
  const auto checkpoint = Checkpoint::open(
      {dir.write("x.bin", small_safetensors()),
       dir.write("y.safetensors", torch_file(dict({{"w", tensor()}, {"t", tensor(transposed)}})))});
  EXPECT(checkpoint.tensors().size() == 4);
  EXPECT(checkpoint.tensors()[0].name == "a" && checkpoint.tensors()[2].name == "w");
  EXPECT(checkpoint.tensors()[0].file == dir.path("x.bin"));
  EXPECT(checkpoint.contains("t") && !checkpoint.contains("u"));
  EXPECT(checkpoint.tensor("a").equal(one_to_six()));
  EXPECT(checkpoint.tensor("b").scalar_type() == at::kLong);
  EXPECT(checkpoint.tensor("b")[1].item<int64_t>() == 8);
  EXPECT(checkpoint.tensor("w").equal(one_to_six()));
  EXPECT(checkpoint.tensor("t").equal(one_to_six().t()));
  EXPECT(checkpoint.tensor("t").stride(0) == 1);
  EXPECT_THROWS(checkpoint.tensor("u"), ErrorCode::kCheckpoint, "no tensor 'u'");
  EXPECT_THROWS(checkpoint.discard("u"), ErrorCode::kCheckpoint, "no tensor 'u'");
}

TEST("checkpoint: tensors outlive the checkpoint and are views") {
  const TempDir dir;
  at::Tensor first, second;
  {
    const auto checkpoint = Checkpoint::open({dir.write("x", small_safetensors())});
    const Checkpoint copy = checkpoint;
    first = checkpoint.tensor("a");
    second = copy.tensor("a");
    checkpoint.discard("a");
  }
  EXPECT(first.const_data_ptr() == second.const_data_ptr());
  EXPECT(first.equal(one_to_six()));
}

TEST("checkpoint: misaligned tensors are copied") {
  const TempDir dir;
  for (size_t padding = 0; padding < 8; ++padding) {
    std::string header = R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})";
    header += std::string(padding, ' ');
    const std::string bytes = safetensors(header, floats({1, 2, 3, 4, 5, 6}));
    const auto checkpoint = Checkpoint::open({dir.write("x" + std::to_string(padding), bytes)});
    const at::Tensor a = checkpoint.tensor("a");
    EXPECT(reinterpret_cast<uintptr_t>(a.const_data_ptr()) % 4 == 0);
    EXPECT(a.equal(one_to_six()));
  }
  for (size_t shift = 0; shift < 4; ++shift) {
    auto entries = torch_entries(dict({{"t", tensor({.shape = {3, 2}, .strides = {1, 3}})}}));
    entries[2].local_extra = std::string(shift, 'Z');
    const auto checkpoint =
        Checkpoint::open({dir.write("y" + std::to_string(shift), zip(entries))});
    EXPECT(checkpoint.tensor("t").equal(one_to_six().t()));
  }
}

TEST("checkpoint: scalars and tensors without elements") {
  const TempDir dir;
  const std::string header = R"({"e":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},)"
                             R"("s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                             R"("f":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}})";
  const TensorSpec empty{.offset = 6, .shape = {2, 0}, .strides = {INT64_MAX, 5}};
  const auto checkpoint =
      Checkpoint::open({dir.write("x", safetensors(header, floats({7}))),
                        dir.write("y", torch_file(dict({{"z", tensor(empty)}})))});
  EXPECT(checkpoint.tensor("s").dim() == 0 && checkpoint.tensor("s").item<float>() == 7);
  EXPECT(checkpoint.tensor("e").numel() == 0 && checkpoint.tensor("e").size(1) == 3);
  EXPECT(checkpoint.tensor("f").numel() == 0 && checkpoint.tensor("z").size(0) == 2);
  for (const char* name : {"e", "s", "f", "z"}) checkpoint.discard(name);
}

TEST("checkpoint: of a tensor in two files the last one counts") {
  const TempDir dir;
  const std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const std::string one = dir.write("one", small_safetensors());
  const std::string two = dir.write("two", safetensors(header, floats({7})));
  for (const auto& files : {std::vector{one, two}, std::vector{one, two, two}}) {
    const auto checkpoint = Checkpoint::open(files);
    EXPECT(checkpoint.tensors().size() == 2);
    EXPECT(checkpoint.tensors()[0].name == "a" && checkpoint.tensors()[0].file == two);
    EXPECT(checkpoint.tensor("a").numel() == 1 && checkpoint.tensor("a").item<float>() == 7);
    EXPECT(checkpoint.tensor("b").scalar_type() == at::kLong);
  }
  EXPECT(Checkpoint::open({two, one}).tensor("a").equal(one_to_six()));
}

TEST("checkpoint: types that are not supported are no obstacle until they are wanted") {
  const TempDir dir;
  const std::string header = R"({"c":{"dtype":"C64","shape":[1],"data_offsets":[0,8]},)"
                             R"("f":{"dtype":"F4","shape":[8],"data_offsets":[8,12]},)"
                             R"("a":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})";
  const std::string data = std::string(12, 'x') + floats({7});
  const auto checkpoint = Checkpoint::open({dir.write("x", safetensors(header, data))});
  EXPECT(checkpoint.tensor("a").item<float>() == 7);
  EXPECT(checkpoint.tensors()[0].dtype_name == "C64");
  EXPECT_THROWS(checkpoint.tensor("c"), ErrorCode::kCheckpoint, "tensor 'c': dtype 'C64'");
  EXPECT_THROWS(checkpoint.tensor("f"), ErrorCode::kCheckpoint, "tensor 'f': dtype 'F4'");
}

TEST("checkpoint: no files, and what is none") {
  const TempDir dir;
  EXPECT_THROWS(Checkpoint::open({}), ErrorCode::kCheckpoint, "No checkpoint file");
  EXPECT_THROWS(Checkpoint::open({dir.path("none")}), ErrorCode::kCheckpoint, "no such file");
  EXPECT_THROWS(
      Checkpoint::open({dir.write("lfs", "version https://git-lfs.github.com/spec/v1\n")}),
      ErrorCode::kCheckpoint, "lfs: a Git LFS pointer");
}

}  // namespace
}  // namespace bigtransfer::checkpoint::test

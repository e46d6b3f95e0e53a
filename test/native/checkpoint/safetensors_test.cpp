// checkpoint/safetensors: headers that tell the truth are read, headers that lie are refused.
#include "checkpoint/safetensors.h"

#include "check.h"
#include "checkpoint/fixtures.h"
#include "common/error.h"

namespace bigtransfer::checkpoint::test {
namespace {

#define CHECK_BAD_SAFETENSORS(bytes, fragment) \
  EXPECT_THROWS(read_safetensors(bytes, kFile), ErrorCode::kCheckpoint, fragment)

/// One tensor 't' over 8 bytes of data, with these members in its header.
std::string one(const std::string& members, size_t data_bytes = 8) {
  return safetensors("{\"t\":{" + members + "}}", std::string(data_bytes, '\0'));
}

TEST("safetensors: tensors in the order of their data") {
  const std::string bytes = small_safetensors();
  const std::vector<StoredTensor> tensors = read_safetensors(bytes, kFile);
  EXPECT(tensors.size() == 2);
  EXPECT(tensors[0].name == "a" && tensors[0].dtype == at::ScalarType::Float);
  EXPECT((tensors[0].shape == std::vector<int64_t>{2, 3}) && tensors[0].strides.empty());
  EXPECT(bytes.substr(tensors[0].offset, 4) == le(1.0f) && tensors[0].bytes == 24);
  EXPECT(tensors[1].name == "b" && tensors[1].offset + tensors[1].bytes == bytes.size());
}

TEST("safetensors: every dtype, scalars, tensors without elements, no tensors") {
  for (const auto& [name, size] : std::vector<std::pair<std::string, int>>{{"F64", 8},
                                                                           {"F32", 4},
                                                                           {"F16", 2},
                                                                           {"BF16", 2},
                                                                           {"I64", 8},
                                                                           {"I32", 4},
                                                                           {"I16", 2},
                                                                           {"I8", 1},
                                                                           {"U8", 1},
                                                                           {"BOOL", 1}}) {
    const std::string end = std::to_string(2 * size);
    const std::string bytes =
        one(R"("dtype":")" + name + R"(","shape":[2],"data_offsets":[0,)" + end + "]", 2 * size);
    const auto tensors = read_safetensors(bytes, kFile);
    EXPECT(tensors.size() == 1 && safetensors_dtype(tensors[0].dtype) == name);
  }
  EXPECT(read_safetensors(one(R"("dtype":"F64","shape":[],"data_offsets":[0,8])"), kFile)[0]
             .shape.empty());
  const std::string header = R"({"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                             R"("x":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},)"
                             R"("z":{"dtype":"F32","shape":[5,0],"data_offsets":[4,4]}})";
  const auto tensors = read_safetensors(safetensors(header, floats({1})), kFile);
  EXPECT(tensors.size() == 3 && tensors[0].name == "x" && tensors[2].name == "z");
  EXPECT(read_safetensors(safetensors("{}", ""), kFile).empty());
  EXPECT(safetensors_dtype(at::ScalarType::ComplexFloat).empty());
}

TEST("safetensors: dtypes that are not supported keep their name and place") {
  for (const std::string name : {"F8_E4M3", "F8_E5M2", "F4", "C64", "U16", "U32", "U64", "f32"}) {
    const auto tensors = read_safetensors(
        one(R"("dtype":")" + name + R"(","shape":[3,5],"data_offsets":[0,8])"), kFile);
    EXPECT(tensors[0].dtype == at::ScalarType::Undefined && tensors[0].dtype_name == name);
    EXPECT(tensors[0].bytes == 8);
  }
}

TEST("safetensors: what other writers add to entries and metadata") {
  EXPECT(read_safetensors(one(R"("dtype":"F32","shape":[2],"data_offsets":[0,8],"scale":-1.5e-3,)"
                              R"("big":18446744073709551615,"zero":null,"more":{"a":[true]})"),
                          kFile)
             .size() == 1);
  EXPECT(read_safetensors(safetensors(R"({"__metadata__":null})", ""), kFile).empty());
}

TEST("safetensors: header lengths that lie") {
  CHECK_BAD_SAFETENSORS("", "download it again");
  CHECK_BAD_SAFETENSORS("\x10", "download it again");
  CHECK_BAD_SAFETENSORS(le<uint64_t>(3) + "{}", "longer than the file");
  CHECK_BAD_SAFETENSORS(le<uint64_t>(100'000'000) + "{}", "longer than the file");
  CHECK_BAD_SAFETENSORS(le<uint64_t>(100'000'001) + "{}", "over the limit");
  CHECK_BAD_SAFETENSORS(le(UINT64_MAX) + "{}", "over the limit");
  CHECK_BAD_SAFETENSORS(le<uint64_t>(1) + "{}", "not valid JSON");
  CHECK_BAD_SAFETENSORS(safetensors("", ""), "not valid JSON");
  CHECK_BAD_SAFETENSORS(safetensors("[]", ""), "JSON object");
}

TEST("safetensors: malformed entries") {
  CHECK_BAD_SAFETENSORS(one(R"("shape":[2],"data_offsets":[0,8])"), "'dtype'");
  CHECK_BAD_SAFETENSORS(one(R"("dtype":7,"shape":[2],"data_offsets":[0,8])"), "'dtype'");
  CHECK_BAD_SAFETENSORS(one(R"("dtype":"F32","data_offsets":[0,8])"), "'shape'");
  CHECK_BAD_SAFETENSORS(one(R"("dtype":"F32","shape":2,"data_offsets":[0,8])"), "'shape'");
  CHECK_BAD_SAFETENSORS(one(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"), "at least 0");
  CHECK_BAD_SAFETENSORS(one(R"("dtype":"F32","shape":["2"],"data_offsets":[0,8])"), "at least 0");
  CHECK_BAD_SAFETENSORS(one(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])"), "integer");
  CHECK_BAD_SAFETENSORS(one(R"("dtype":"F32","shape":[2])"), "'data_offsets'");
  CHECK_BAD_SAFETENSORS(one(R"("dtype":"F32","shape":[2],"data_offsets":[0])"), "begin");
  CHECK_BAD_SAFETENSORS(one(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"), "begin");
  CHECK_BAD_SAFETENSORS(one(R"("dtype":"F32","shape":[2],"data_offsets":[0,8,8])"), "begin");
  CHECK_BAD_SAFETENSORS(safetensors(R"({"t":[]})", ""), "'dtype'");
  CHECK_BAD_SAFETENSORS(safetensors(R"({"__metadata__":{"a":1}})", ""), "__metadata__");
  CHECK_BAD_SAFETENSORS(safetensors(R"({"__metadata__":"a"})", ""), "__metadata__");
  CHECK_BAD_SAFETENSORS(safetensors(R"({"t":{},"t":{}})", ""), "occurs twice");
}

TEST("safetensors: sizes that disagree or overflow") {
  CHECK_BAD_SAFETENSORS(one(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])"), "12 bytes");
  CHECK_BAD_SAFETENSORS(one(R"("dtype":"F64","shape":[2],"data_offsets":[0,8])"), "16 bytes");
  // 2^62 * 4 bytes wrap around to 0; so do these.
  for (const char* shape :
       {"[4611686018427387904]", "[4294967296,4294967296]", "[9223372036854775807,2]",
        "[0,4611686018427387904,4611686018427387904]", "[4611686018427387904,0]"}) {
    CHECK_BAD_SAFETENSORS(
        one(std::string(R"("dtype":"F32","shape":)") + shape + R"(,"data_offsets":[0,0])", 0),
        "too large");
  }
}

TEST("safetensors: tensors must tile the file") {
  const auto two = [](const std::string& a, const std::string& b, size_t bytes) {
    return safetensors(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + a +
                           R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}}",
                       std::string(bytes, '\0'));
  };
  EXPECT(read_safetensors(two("[4,8]", "[0,4]", 8), kFile).front().name == "b");
  CHECK_BAD_SAFETENSORS(two("[0,4]", "[0,4]", 8), "overlaps");
  CHECK_BAD_SAFETENSORS(two("[0,4]", "[3,7]", 8), "'b' overlaps");
  CHECK_BAD_SAFETENSORS(two("[0,4]", "[5,9]", 9), "'b' leaves a hole");
  CHECK_BAD_SAFETENSORS(two("[1,5]", "[5,9]", 9), "'a' leaves a hole");
  CHECK_BAD_SAFETENSORS(two("[0,4]", "[4,8]", 9), "1 bytes follow");
  CHECK_BAD_SAFETENSORS(two("[0,4]", "[4,8]", 7), "download it again");
  CHECK_BAD_SAFETENSORS(two("[0,4]", "[9223372036854775803,9223372036854775807]", 8), "hole");
}

}  // namespace
}  // namespace bigtransfer::checkpoint::test

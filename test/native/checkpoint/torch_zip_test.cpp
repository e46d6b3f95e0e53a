// checkpoint/torch_zip: state dicts as torch.save writes them, and files that only look so.
#include "checkpoint/torch_zip.h"

#include "check.h"
#include "checkpoint/fixtures.h"
#include "common/error.h"

namespace bigtransfer::checkpoint::test {
namespace {

#define CHECK_BAD_TORCH(bytes, fragment) \
  EXPECT_THROWS(read_torch_zip(bytes, kFile), ErrorCode::kCheckpoint, fragment)

std::vector<std::string> names(const std::string& value) {
  std::vector<std::string> result;
  for (const StoredTensor& each : read_torch_zip(torch_file(value), kFile)) {
    result.push_back(each.name);
  }
  return result;
}

using Names = std::vector<std::string>;

TEST("torch zip: a state dict with views of one storage") {
  TensorSpec transposed{.shape = {3, 2}, .strides = {1, 3}};
  TensorSpec tail{.offset = 4, .shape = {2}, .strides = {1}};
  const std::string bytes =
      torch_file(ordered_dict() + "(" + text("w") + tensor() + text("t") + tensor(transposed) +
                 text("tail") + tensor(tail) + "u" + dict({{"_metadata", ordered_dict()}}) + "b");
  const auto tensors = read_torch_zip(bytes, kFile);
  EXPECT(tensors.size() == 3);
  EXPECT(tensors[0].name == "w" && tensors[0].dtype == at::ScalarType::Float);
  EXPECT(bytes.substr(tensors[0].offset, tensors[0].bytes) == floats({1, 2, 3, 4, 5, 6}));
  EXPECT((tensors[1].strides == std::vector<int64_t>{1, 3}) && tensors[1].bytes == 24);
  EXPECT(bytes.substr(tensors[2].offset, tensors[2].bytes) == floats({5, 6}));
}

TEST("torch zip: parameters, scalars, tensors without elements, expanded ones") {
  const std::string parameter = global("torch._utils", "_rebuild_parameter") +
                                tuple({tensor(), "\x88", ordered_dict()}) + "R";
  const std::string with_state = global("torch._utils", "_rebuild_parameter_with_state") +
                                 tuple({tensor(), "\x88", ordered_dict(), "}"}) + "R";
  TensorSpec scalar{.offset = 5, .shape = {}, .strides = {}};
  TensorSpec empty{.offset = 6, .shape = {0, 3}, .strides = {INT64_MAX, 1}};
  TensorSpec expanded{.shape = {1000, 6}, .strides = {0, 1}};
  const auto tensors = read_torch_zip(torch_file(dict({{"p", parameter},
                                                       {"q", with_state},
                                                       {"s", tensor(scalar)},
                                                       {"e", tensor(empty)},
                                                       {"x", tensor(expanded)}})),
                                      kFile);
  EXPECT(tensors.size() == 5);
  EXPECT(tensors[2].bytes == 4 && tensors[2].shape.empty());
  EXPECT(tensors[3].bytes == 0 && tensors[3].strides.empty());
  EXPECT(tensors[4].bytes == 24);
}

TEST("torch zip: dtypes") {
  for (const auto& [name, dtype] : std::vector<std::pair<std::string, at::ScalarType>>{
           {"DoubleStorage", at::ScalarType::Double},
           {"HalfStorage", at::ScalarType::Half},
           {"BFloat16Storage", at::ScalarType::BFloat16},
           {"LongStorage", at::ScalarType::Long},
           {"IntStorage", at::ScalarType::Int},
           {"ShortStorage", at::ScalarType::Short},
           {"CharStorage", at::ScalarType::Char},
           {"ByteStorage", at::ScalarType::Byte},
           {"BoolStorage", at::ScalarType::Bool}}) {
    const TensorSpec spec{.numel = 3, .shape = {3}, .strides = {1}, .storage = name};
    EXPECT(read_torch_zip(torch_file(dict({{"t", tensor(spec)}})), kFile)[0].dtype == dtype);
  }
  const TensorSpec complex{.storage = "ComplexFloatStorage"};
  const auto name_of_unsupported = [](const std::string& value) {
    const auto tensors = read_torch_zip(torch_file(dict({{"t", value}})), kFile);
    EXPECT(tensors[0].dtype == at::ScalarType::Undefined && tensors[0].bytes == 0);
    return tensors[0].dtype_name;
  };
  EXPECT(name_of_unsupported(tensor(complex)) == "ComplexFloatStorage");
  const auto v3 = [](const std::string& dtype) {
    const std::string id = tuple({text("storage"), global("torch.storage", "UntypedStorage"),
                                  text("0"), text("cpu"), "K\x18"}) +
                           "Q";
    return global("torch._utils", "_rebuild_tensor_v3") +
           tuple({id, "K", integers({6}), integers({1}), "\x89", ordered_dict(),
                  global("torch", dtype)})
               .replace(1 + id.size(), 1, std::string("K\0", 2)) +
           "R";
  };
  EXPECT(read_torch_zip(torch_file(dict({{"t", v3("float32")}})), kFile)[0].bytes == 24);
  CHECK_BAD_TORCH(torch_file(dict({{"t", v3("float64")}})), "beyond its storage");
  EXPECT(name_of_unsupported(v3("float8_e4m3fn")) == "float8_e4m3fn");
}

TEST("torch zip: the state dict is found within plain containers") {
  const std::string state = dict({{"w", tensor()}});
  EXPECT(
      (names(dict({{"epoch", "K\3"}, {"state_dict", state}, {"note", text("x")}})) == Names{"w"}));
  EXPECT((names(dict({{"model", state}, {"optim", dict({{"m", tensor()}})}})) == Names{"w"}));
  EXPECT((names(dict({{"x", dict({{"y", state}})}, {"z", "N"}})) == Names{"w"}));
  EXPECT((names(dict({{"a", tensor()},
                      {"n", "N"},
                      {"i", "K\1"},
                      {"s", text("s")},
                      {"l", "]"},
                      {"d", dict({{"inner", tensor()}})},
                      {"b", tensor()}})) == Names{"a", "b"}));
  EXPECT((names("}(K\1" + tensor() + text("w") + tensor() + "u") == Names{"w"}));
  CHECK_BAD_TORCH(torch_file(dict({{"x", state}, {"y", dict({{"w", tensor()}})}})), "several");
  CHECK_BAD_TORCH(torch_file("}"), "no dictionary of named tensors");
  CHECK_BAD_TORCH(torch_file(tensor()), "no dictionary of named tensors");
  CHECK_BAD_TORCH(torch_file("](" + tensor() + "e"), "no dictionary of named tensors");
  CHECK_BAD_TORCH(torch_file(dict({{"a", tensor()}, {"a", tensor()}})), "two tensors");
  CHECK_BAD_TORCH(torch_file(dict({{std::string(5000, 'n'), tensor()}})), "too long");
}

TEST("torch zip: cycles and shared values end") {
  CHECK_BAD_TORCH(torch_file("}q\1(" + text("model") + "h\1u"), "no dictionary");
  CHECK_BAD_TORCH(torch_file("}q\1(" + text("model") + "h\1" + text("w") + tensor() + "u"),
                  "nested too deeply");
  // 40 levels, each holding the one below twice: 2^40 paths.
  std::string laughs = "}q\1";
  for (int i = 0; i < 40; ++i) laughs += "0}(" + text("a") + "h\1" + text("b") + "h\1uq\1";
  CHECK_BAD_TORCH(torch_file(laughs), "no dictionary");
  CHECK_BAD_TORCH(torch_file(dict({{"w", tensor()}, {"model", laughs}, {"x", "N"}}) + "0h\1"),
                  "no dictionary");
}

TEST("torch zip: tensors beyond their storage, numbers that overflow") {
  const auto with = [](TensorSpec spec) { return torch_file(dict({{"t", tensor(spec)}})); };
  EXPECT(read_torch_zip(with({}), kFile).size() == 1);
  CHECK_BAD_TORCH(with({.numel = 7}), "fewer than data.pkl says");
  CHECK_BAD_TORCH(with({.numel = INT64_MAX}), "fewer than data.pkl says");
  CHECK_BAD_TORCH(with({.numel = -1}), "fewer than data.pkl says");
  CHECK_BAD_TORCH(with({.numel = 5}), "tensor 't': it reaches beyond its storage");
  CHECK_BAD_TORCH(with({.offset = 1}), "beyond its storage");
  CHECK_BAD_TORCH(with({.offset = -1}), "beyond its storage");
  CHECK_BAD_TORCH(with({.offset = INT64_MAX}), "beyond its storage");
  CHECK_BAD_TORCH(with({.offset = 7, .shape = {0}, .strides = {1}}), "beyond its storage");
  CHECK_BAD_TORCH(with({.shape = {2, 4}}), "beyond its storage");
  CHECK_BAD_TORCH(with({.strides = {4, 1}}), "beyond its storage");
  CHECK_BAD_TORCH(with({.strides = {INT64_MAX, INT64_MAX}}), "beyond its storage");
  CHECK_BAD_TORCH(with({.shape = {3, 2}, .strides = {INT64_MAX, 1}}), "beyond its storage");
  CHECK_BAD_TORCH(with({.strides = {-3, 1}}), "beyond its storage");
  CHECK_BAD_TORCH(with({.shape = {-2, 3}}), "negative or too large");
  CHECK_BAD_TORCH(with({.shape = {1LL << 40, 1LL << 40}, .strides = {0, 0}}), "too large");
  CHECK_BAD_TORCH(with({.strides = {1}}), "differ in length");
  CHECK_BAD_TORCH(with({.key = "1"}), "lacks its storage '1'");
  CHECK_BAD_TORCH(with({.key = "../version"}), "lacks its storage");
  const std::vector<int64_t> many(65, 1);
  CHECK_BAD_TORCH(with({.shape = many, .strides = many}), "too many dimensions");
}

TEST("torch zip: malformed tensors") {
  const auto call = [](const std::vector<std::string>& arguments) {
    return torch_file(
        dict({{"t", global("torch._utils", "_rebuild_tensor_v2") + tuple(arguments) + "R"}}));
  };
  const std::string id = storage({});
  const std::string zero("K\0", 2);
  CHECK_BAD_TORCH(call({}), "lacks arguments");
  CHECK_BAD_TORCH(call({"N", zero, ")", ")", "\x89", "N"}), "storage is not described");
  CHECK_BAD_TORCH(call({")Q", zero, ")", ")", "\x89", "N"}), "storage is not described");
  CHECK_BAD_TORCH(call({id, "N", ")", ")", "\x89", "N"}), "the storage offset is not");
  CHECK_BAD_TORCH(call({id, "\x8a\x09" + std::string(9, '\1'), ")", ")", "\x89", "N"}),
                  "64-bit integer");
  CHECK_BAD_TORCH(call({id, zero, "]", ")", "\x89", "N"}), "the shape is not a tuple");
  CHECK_BAD_TORCH(call({id, zero, "N\x85", ")", "\x89", "N"}), "the shape is not a 64-bit integer");
  CHECK_BAD_TORCH(call({id, zero, ")", "N", "\x89", "N"}), "the strides is not a tuple");
  CHECK_BAD_TORCH(torch_file(dict({{"t", tensor({.metadata = dict({{"neg", "\x88"}})})}})),
                  "negated");
  EXPECT(names(dict({{"t", tensor({.metadata = "}"})}})).size() == 1);
}

TEST("torch zip: a pickle that calls os.system") {
  CHECK_BAD_TORCH(torch_file(global("os", "system") + tuple({text("touch owned")}) + "R"),
                  "'os.system'");
  CHECK_BAD_TORCH(torch_file(dict({{"w", tensor()}, {"x", global("builtins", "eval")}})),
                  "nothing from it was executed");
}

TEST("torch zip: archives that torch.save did not write") {
  const auto with = [](auto change) {
    std::vector<ZipSpec> entries = torch_entries(dict({{"w", tensor()}}));
    change(entries);
    return zip(entries);
  };
  CHECK_BAD_TORCH(zip({{.name = "x.txt", .data = "x"}}), "no data.pkl");
  CHECK_BAD_TORCH(zip({{.name = "data.pkl", .data = "x"}}), "no data.pkl");
  CHECK_BAD_TORCH(zip({{.name = "a/b/data.pkl", .data = "x"}}), "no data.pkl");
  CHECK_BAD_TORCH(with([](auto& e) { e.push_back({.name = "b/data.pkl"}); }), "more than one");
  CHECK_BAD_TORCH(with([](auto& e) { e.push_back({.name = "archive/constants.pkl"}); }),
                  "TorchScript");
  CHECK_BAD_TORCH(with([](auto& e) {
                    e.push_back({.name = "archive/constants.pkl"});
                    e.push_back({.name = "archive/code/m.py", .data = "x", .method = 8});
                  }),
                  "TorchScript");
  CHECK_BAD_TORCH(with([](auto& e) { e[1] = {.name = "archive/byteorder", .data = "big"}; }),
                  "big-endian");
  EXPECT(read_torch_zip(with([](auto& e) { e.erase(e.begin() + 1); }), kFile).size() == 1);
  CHECK_BAD_TORCH(with([](auto& e) { e[0].crc ^= 1; }), "checksum");
  // torch.serialization.set_crc32_options(False).
  EXPECT(read_torch_zip(with([](auto& e) { e[0].crc = 0; }), kFile).size() == 1);
  CHECK_BAD_TORCH(with([](auto& e) { e[2].method = 8; }), "'archive/data/0' is compressed");
}

}  // namespace
}  // namespace bigtransfer::checkpoint::test

// Reads tensors off the calls that a pickle describes, without making any of them.
#include "checkpoint/pickled_tensor.h"

#include <algorithm>
#include <iterator>

#include "checkpoint/fail.h"

namespace bigtransfer::checkpoint {
namespace {

using Kind = PickleValue::Kind;

/// torch/_utils.py; what a tensor or parameter pickles as (torch/_tensor.py, nn/parameter.py).
constexpr std::string_view kRebuildModule = "torch._utils";
constexpr std::string_view kRebuildTensor = "_rebuild_tensor_v2";
/// For dtypes without a storage class of their own (uint16, float8_e4m3fn, ...).
constexpr std::string_view kRebuildTensorWithDtype = "_rebuild_tensor_v3";
constexpr std::string_view kRebuildParameter = "_rebuild_parameter";
constexpr std::string_view kRebuildParameterWithState = "_rebuild_parameter_with_state";

struct GlobalName {
  std::string_view module, name;
};

/// Beside those: containers, and values that stand next to tensors in training checkpoints.
constexpr GlobalName kPlainGlobals[] = {
    {"collections", "OrderedDict"},
    {"torch.storage", "UntypedStorage"},
    {"torch", "Size"},
    {"torch", "device"},
    {"_codecs", "encode"},
    {"__builtin__", "set"},
    {"builtins", "set"},
};

/// What torch.<dtype> begins with; the dtype itself is looked up where a tensor uses it.
constexpr std::string_view kDtypePrefixes[] = {"float", "bfloat16", "int",
                                               "uint",  "complex",  "bool"};

// Through the memo a pickle repeats a long shape or key at no cost to itself: these bound the cost
// to us. 64 dimensions are NumPy's limit too (NPY_MAXDIMS).
constexpr size_t kMaxDimensions = 64;
constexpr size_t kMaxKeyBytes = 256;

/// Positions in the arguments of _rebuild_tensor_v2 and _v3.
enum Argument : size_t { kStorage = 0, kOffset = 1, kShape = 2, kStrides = 3, kMetadata = 6 };
constexpr size_t kArguments = 6;
/// _v3 has its dtype before the metadata.
constexpr size_t kDtype = 6, kArgumentsWithDtype = 7, kMetadataAfterDtype = 7;
/// Positions in a storage's persistent id (torch/serialization.py, persistent_id).
enum StorageId : size_t { kTag, kType, kKey, kLocation, kSize, kStorageIdSize };

/// The value that a call to one of torch._utils' functions makes, or null.
const PickleValue* rebuild_call(const PickleValue& value, std::string_view name) {
  return value.is(Kind::kCall) && value.items[0]->is_global(kRebuildModule, name) ? value.items[1]
                                                                                  : nullptr;
}

/// A parameter is a tensor in a wrapper.
const PickleValue& unwrap_parameter(const PickleValue& value) {
  const PickleValue* arguments = rebuild_call(value, kRebuildParameter);
  if (!arguments) arguments = rebuild_call(value, kRebuildParameterWithState);
  return arguments && !arguments->items.empty() ? *arguments->items[0] : value;
}

int64_t integer(const PickleValue& value, const std::string& what, const std::string& where) {
  if (!value.is(Kind::kInt)) fail(where, what + " is not a 64-bit integer");
  return value.integer;
}

std::vector<int64_t> integers(const PickleValue& tuple, const std::string& what,
                              const std::string& where) {
  if (!tuple.is(Kind::kTuple)) fail(where, what + " is not a tuple");
  if (tuple.items.size() > kMaxDimensions) fail(where, what + " has too many dimensions");
  std::vector<int64_t> result;
  for (const PickleValue* item : tuple.items) result.push_back(integer(*item, what, where));
  return result;
}

/// ('storage', type, key, location, size).
void read_storage(const PickleValue& value, PickledTensor& tensor, const std::string& where) {
  const PickleValue* id = value.is(Kind::kPersistent) ? value.items[0] : nullptr;
  if (!id || !id->is(Kind::kTuple) || id->items.size() != kStorageIdSize ||
      !id->items[kTag]->is(Kind::kString) || id->items[kTag]->text != "storage" ||
      !id->items[kType]->is(Kind::kGlobal) || !id->items[kKey]->is(Kind::kString) ||
      id->items[kKey]->text.size() > kMaxKeyBytes) {
    fail(where, "its storage is not described as torch.save does");
  }
  tensor.dtype = id->items[kType]->name;
  tensor.storage_key = id->items[kKey]->text;
  tensor.storage_size = integer(*id->items[kSize], "the storage's size", where);
}

}  // namespace

bool is_state_dict_global(std::string_view module, std::string_view name) {
  if (module == kRebuildModule) {
    return name == kRebuildTensor || name == kRebuildTensorWithDtype || name == kRebuildParameter ||
           name == kRebuildParameterWithState;
  }
  if (module == "torch") {
    const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
    if (name.ends_with("Storage") ||
        std::any_of(std::begin(kDtypePrefixes), std::end(kDtypePrefixes), begins)) {
      return true;
    }
  }
  const auto matches = [&](const GlobalName& each) {
    return each.module == module && each.name == name;
  };
  return std::any_of(std::begin(kPlainGlobals), std::end(kPlainGlobals), matches);
}

bool is_tensor(const PickleValue& value) {
  const PickleValue& inner = unwrap_parameter(value);
  return rebuild_call(inner, kRebuildTensor) || rebuild_call(inner, kRebuildTensorWithDtype);
}

PickledTensor read_tensor(const PickleValue& value, const std::string& where) {
  const PickleValue& call = unwrap_parameter(value);
  const PickleValue* arguments = rebuild_call(call, kRebuildTensor);
  const bool with_dtype = !arguments;
  if (with_dtype) arguments = rebuild_call(call, kRebuildTensorWithDtype);
  const auto& items = arguments->items;
  if (items.size() < (with_dtype ? kArgumentsWithDtype : kArguments))
    fail(where, "it lacks arguments");
  PickledTensor tensor{};
  read_storage(*items[kStorage], tensor, where);
  tensor.bytes_counted = with_dtype;
  if (with_dtype) {
    if (!items[kDtype]->is(Kind::kGlobal)) fail(where, "its dtype is not one of torch's");
    tensor.dtype = items[kDtype]->name;
  }
  tensor.storage_offset = integer(*items[kOffset], "the storage offset", where);
  tensor.shape = integers(*items[kShape], "the shape", where);
  tensor.strides = integers(*items[kStrides], "the strides", where);
  // torch._utils.get_tensor_metadata: 'neg' and 'conj', views whose values are not the storage's.
  const size_t metadata = with_dtype ? kMetadataAfterDtype : kMetadata;
  if (items.size() > metadata && !items[metadata]->items.empty()) {
    fail(where, "it is a negated or conjugated view: save tensor.resolve_neg() instead");
  }
  return tensor;
}

}  // namespace bigtransfer::checkpoint

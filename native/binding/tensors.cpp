// By copies: JavaScript and ATen never share memory.
#include "binding/tensors.h"

#include <cstring>
#include <string>

#include "binding/values.h"
#include "common/error.h"
#include "common/recycled_memory.h"

namespace bigtransfer::binding {
namespace {

struct TypeRow {
  const char* name;
  at::ScalarType type;
  napi_typedarray_type array;
};

constexpr TypeRow kTypes[] = {
    {"float32", at::kFloat, napi_float32_array},    {"float16", at::kHalf, napi_uint16_array},
    {"bfloat16", at::kBFloat16, napi_uint16_array}, {"uint8", at::kByte, napi_uint8_array},
    {"int64", at::kLong, napi_bigint64_array},
};

/// From which on memory may run out: 1 MiB.
constexpr size_t kLargeBuffer = size_t{1} << 20;

const TypeRow& row_of(at::ScalarType type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row;
  }
  throw Error(ErrorCode::kShape, "A tensor has a type that JavaScript cannot hold");
}

/// Node-API's own way ends the process where there is no memory; JavaScript's constructor throws.
Napi::ArrayBuffer new_buffer(Napi::Env env, size_t bytes) {
  if (bytes < kLargeBuffer) return Napi::ArrayBuffer::New(env, bytes);
  try {
    const auto constructor = env.Global().Get("ArrayBuffer").As<Napi::Function>();
    const Napi::Value size = Napi::Number::New(env, static_cast<double>(bytes));
    return constructor.New({size}).As<Napi::ArrayBuffer>();
  } catch (const Napi::Error&) {
    throw Error(ErrorCode::kOutOfMemory,
                "Not enough memory for a result of " + std::to_string(bytes) + " bytes");
  }
}

}  // namespace

Bytes bytes_of(const Napi::Value& value) {
  const auto array = value.As<Napi::TypedArray>();
  return {static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset(),
          array.ByteLength()};
}

at::Tensor copy_bytes(const Bytes& bytes, const std::vector<int64_t>& shape, at::ScalarType type) {
  at::Tensor tensor = empty_recycled(shape, type);
  if (tensor.nbytes() != bytes.size) {
    throw Error(ErrorCode::kShape, "Tensor data does not have as many values as its shape says");
  }
  if (bytes.size > 0) std::memcpy(tensor.mutable_data_ptr(), bytes.data, bytes.size);
  return tensor;
}

const char* name_of(at::ScalarType type) { return row_of(type).name; }

at::Tensor to_tensor(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const std::string dtype = to_string(object["dtype"]);
  for (const TypeRow& row : kTypes) {
    if (dtype == row.name)
      return copy_bytes(bytes_of(object["data"]), to_ints(object["shape"]), row.type);
  }
  throw Error(ErrorCode::kShape, "Unknown tensor dtype '" + dtype + "'");
}

Napi::Object from_tensor(Napi::Env env, const at::Tensor& source) {
  const at::Tensor tensor = source.contiguous();
  const TypeRow& row = row_of(tensor.scalar_type());
  Napi::ArrayBuffer buffer = new_buffer(env, tensor.nbytes());
  if (tensor.nbytes() > 0) std::memcpy(buffer.Data(), tensor.const_data_ptr(), tensor.nbytes());
  napi_value array;
  NAPI_THROW_IF_FAILED(env,
                       napi_create_typedarray(env, row.array, static_cast<size_t>(tensor.numel()),
                                              buffer, 0, &array),
                       Napi::Object());
  Napi::Object object = Napi::Object::New(env);
  object.Set("dtype", row.name);
  object.Set("shape", from_ints(env, tensor.sizes().vec()));
  object.Set("data", Napi::Value(env, array));
  return object;
}

}  // namespace bigtransfer::binding

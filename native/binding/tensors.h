// Tensors of lib/binding/types.ts to ATen's and back.
#pragma once

#include <ATen/ATen.h>
#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bigtransfer::binding {

/// The bytes that a typed array shows.
struct Bytes {
  uint8_t* data;
  size_t size;
};

Bytes bytes_of(const Napi::Value& value);

/// Throws Error kShape unless there are as many as the shape says.
at::Tensor copy_bytes(const Bytes& bytes, const std::vector<int64_t>& shape, at::ScalarType type);

/// 'float32' and its like; throws Error kShape for types that JavaScript cannot hold.
const char* name_of(at::ScalarType type);

/// Copies `{ dtype, shape, data }`: the caller may change or detach its array while the job runs.
at::Tensor to_tensor(const Napi::Value& value);
/// Copies a contiguous CPU tensor of a type that lib/tensor.ts knows.
Napi::Object from_tensor(Napi::Env env, const at::Tensor& tensor);

}  // namespace bigtransfer::binding

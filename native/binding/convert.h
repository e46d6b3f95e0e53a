// JavaScript values to C++ structs and back; the mirror of lib/binding/types.ts.
#pragma once

#include <ATen/ATen.h>
#include <napi.h>

#include "binding/environment.h"
#include "checkpoint/checkpoint.h"
#include "model/cost.h"
#include "model/spec.h"
#include "runtime/preprocess.h"
#include "runtime/session.h"
#include "runtime/staged_picture.h"

namespace bigtransfer::binding {

/// Copies `{ dtype, shape, data }`: the caller may change or detach its array while the job runs.
at::Tensor to_tensor(const Napi::Value& value);
/// Copies a contiguous CPU tensor of a type that lib/tensor.ts knows.
Napi::Object from_tensor(Napi::Env env, const at::Tensor& tensor);
/// `{ dtype, shape, writeTo(array, isFirst) }`: the copy is made where the caller wants it, once.
Napi::Object from_pixels(const Client& client, const at::Tensor& pixels);

/// An object that holds the picture until it is used, once: the garbage collector may take its
/// time.
Napi::Object from_staged(Napi::Env env, runtime::StagedPicture picture);
runtime::StagedPictures to_staged(const Napi::Value& value);

model::NetworkSpec to_network_spec(const Napi::Object& value);
runtime::LoadRequest to_load_request(const Napi::Object& value);
runtime::ForwardRequest to_forward_request(const Napi::Object& value);
runtime::PreprocessRequest to_preprocess_request(const Napi::Object& value);
std::vector<std::string> to_strings(const Napi::Value& value);

Napi::Object from_forward_result(Napi::Env env, const runtime::ForwardResult& result);
Napi::Object from_session_stats(Napi::Env env, const runtime::SessionStats& stats);
Napi::Object from_loading_info(Napi::Env env, const model::LoadingInfo& info);
Napi::Array from_devices(Napi::Env env);
Napi::Array from_parameters(Napi::Env env, const std::vector<model::ParameterSpec>& parameters);
Napi::Array from_costs(Napi::Env env, const std::vector<model::StageCost>& rows);
Napi::Array from_tensor_infos(Napi::Env env, const std::vector<checkpoint::TensorInfo>& tensors);

}  // namespace bigtransfer::binding

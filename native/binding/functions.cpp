// System information, preprocessing, and descriptions of networks and files.
#include "binding/functions.h"

#include <ATen/Version.h>
#include <cpuinfo.h>
#include <torch/version.h>

#include "binding/convert.h"
#include "binding/environment.h"
#include "binding/job.h"
#include "image/jpeg.h"
#include "runtime/cuda_backend.h"
#include "runtime/devices.h"
#include "runtime/gpu_model.h"
#include "runtime/staged_picture.h"

namespace bigtransfer::binding {
namespace {

bool has_bf16() {
#if defined(__x86_64__)
  return cpuinfo_initialize() && cpuinfo_has_x86_avx512bf16();
#elif defined(__aarch64__)
  return cpuinfo_initialize() && cpuinfo_has_arm_bf16();
#else
  return false;
#endif
}

}  // namespace

Napi::Value initialize(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    const auto options = info[0].As<Napi::Object>();
    Client::of(info).set_bit_error(options.Get("BitError").As<Napi::Function>());
    runtime::Executor::instance().configure(options.Get("threads").As<Napi::Number>().Int32Value());
    return info.Env().Undefined();
  });
}

Napi::Value close_environment(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    Client::of(info).mailbox()->close();
    return info.Env().Undefined();
  });
}

Napi::Value info(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("libtorch", TORCH_VERSION);
    object.Set("cpuCapability", at::get_cpu_capability());
    object.Set("bf16", has_bf16());
    object.Set("autoDtype", runtime::auto_dtype());
    object.Set("jpeg", image::jpeg_version());
    object.Set("threads", runtime::Executor::instance().threads());
    object.Set("cudaDevices", from_devices(info.Env()));
    object.Set("cudaLibrary", runtime::has_cuda_library());
    object.Set("whyNoCuda", runtime::why_no_cuda());
    return object;
  });
}

Napi::Value preprocess(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    auto request = std::make_shared<const runtime::PreprocessRequest>(
        to_preprocess_request(info[0].As<Napi::Object>()));
    return start_job<std::optional<at::Tensor>>(
        Client::of(info), info[1], 1,
        [request](const runtime::CancelToken&) { return runtime::preprocess(*request); },
        [&client = Client::of(info)](Napi::Env env,
                                     const std::optional<at::Tensor>& result) -> Napi::Value {
          return result ? Napi::Value(from_pixels(client, *result)) : env.Null();
        });
  });
}

Napi::Value check_device(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    runtime::gpus_of(info[0].As<Napi::String>().Utf8Value());
    return info.Env().Undefined();
  });
}

Napi::Value stage(const Napi::CallbackInfo& info) {
  using Picture = std::optional<runtime::StagedPicture>;
  return guarded(info, [&]() -> Napi::Value {
    auto request = std::make_shared<const runtime::PreprocessRequest>(
        to_preprocess_request(info[0].As<Napi::Object>()));
    const bool gpu_decode = info[1].As<Napi::Boolean>();
    return start_job<Picture>(
        Client::of(info), info[2], 1,
        [request, gpu_decode](const runtime::CancelToken&) {
          const runtime::CudaBackend* backend = runtime::cuda_backend();
          const auto allocate = [backend](at::IntArrayRef shape) {
            return backend ? backend->allocate_rows(shape) : at::empty(shape, at::kByte);
          };
          return runtime::stage(*request, allocate,
                                gpu_decode && backend && backend->decodes_jpegs());
        },
        [](Napi::Env env, Picture& picture) -> Napi::Value {
          return picture ? Napi::Value(from_staged(env, std::move(*picture))) : env.Null();
        });
  });
}

Napi::Value prepare_pictures(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    auto pictures = std::make_shared<const runtime::StagedPictures>(to_staged(info[0]));
    const std::string device = info[1].As<Napi::String>().Utf8Value();
    return start_job<at::Tensor>(
        Client::of(info), info[2], runtime::kOnDevice,
        [pictures, device](const runtime::CancelToken&) {
          return runtime::prepare_on_gpu(*pictures, device);
        },
        [&client = Client::of(info)](Napi::Env, const at::Tensor& pixels) -> Napi::Value {
          return from_pixels(client, pixels);
        });
  });
}

Napi::Value parameters(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const model::NetworkSpec spec = to_network_spec(info[0].As<Napi::Object>());
    const std::string prefix = info[1].As<Napi::String>().Utf8Value();
    return from_parameters(info.Env(), model::parameters(model::make_topology(spec, prefix)));
  });
}

Napi::Value stages(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const model::NetworkSpec spec = to_network_spec(info[0].As<Napi::Object>());
    const int64_t height = info[1].As<Napi::Number>().Int64Value();
    const int64_t width = info[2].As<Napi::Number>().Int64Value();
    return from_costs(info.Env(),
                      model::cost_by_stage(model::make_topology(spec, "bit."), height, width));
  });
}

Napi::Value list_tensors(const Napi::CallbackInfo& info) {
  using Tensors = std::vector<checkpoint::TensorInfo>;
  return guarded(info, [&]() -> Napi::Value {
    const std::vector<std::string> files = to_strings(info[0]);
    return start_promise<Tensors>(
        Client::of(info), 1,
        [files](const runtime::CancelToken&) {
          return checkpoint::Checkpoint::open(files).tensors();
        },
        [](Napi::Env env, Tensors& tensors) -> Napi::Value {
          return from_tensor_infos(env, tensors);
        });
  });
}

}  // namespace bigtransfer::binding

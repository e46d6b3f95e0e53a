// Of the environment and the machine, and of networks that are not loaded.
#include "binding/system_functions.h"

#include <ATen/Version.h>
#include <cpuinfo.h>
#include <torch/version.h>

#include <filesystem>

#include "binding/environment.h"
#include "binding/job.h"
#include "binding/requests.h"
#include "binding/results.h"
#include "binding/values.h"
#include "devices/cuda_library.h"
#include "devices/devices.h"
#include "devices/problems.h"
#include "image/jpeg.h"
#include "image/png.h"
#include "model/topology.h"
#include "peers/peer_library.h"
#include "runtime/executor.h"

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

Napi::Array from_devices(Napi::Env env) {
  const devices::CudaDevices* gpus = devices::cuda_devices();
  if (gpus == nullptr) return Napi::Array::New(env);
  int index = 0;
  // A card that does not answer any more has nothing to give.
  const auto free_memory = [&] {
    try {
      return gpus->free_memory(index);
    } catch (const std::exception&) {
      return int64_t{0};
    }
  };
  return from_vector(env, gpus->all(), [&](const devices::CudaDevice& each) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", each.name);
    row.Set("capability", std::to_string(each.major) + "." + std::to_string(each.minor));
    row.Set("totalMemory", static_cast<double>(each.total_memory));
    row.Set("freeMemory", static_cast<double>(free_memory()));
    row.Set("problem", devices::problem_of(index++));
    return row;
  });
}

}  // namespace

Napi::Value initialize(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    const auto options = info[0].As<Napi::Object>();
    Client::of(info).set_bit_error(options.Get("BitError").As<Napi::Function>());
    const std::string library = options.Get("cudaLibrary").As<Napi::String>();
    devices::look_for_cuda_library(library);
    peers::look_for_gpu_library(std::filesystem::path(library).parent_path());
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
    object.Set("autoDtype", devices::auto_dtype());
    object.Set("jpeg", image::jpeg_version());
    object.Set("png", image::png_version());
    object.Set("threads", runtime::Executor::instance().threads());
    object.Set("cudaDevices", from_devices(info.Env()));
    object.Set("cudaLibrary", devices::has_cuda_library());
    object.Set("whyNoCuda", devices::why_no_cuda());
    return object;
  });
}

Napi::Value check_device(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    devices::gpus_of(info[0].As<Napi::String>().Utf8Value());
    return info.Env().Undefined();
  });
}

Napi::Value cost_by_stage(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const model::NetworkSpec spec = to_network_spec(info[0].As<Napi::Object>());
    const int64_t height = info[1].As<Napi::Number>().Int64Value();
    const int64_t width = info[2].As<Napi::Number>().Int64Value();
    return from_costs(info.Env(),
                      model::cost_by_stage(model::make_topology(spec, "bit."), height, width));
  });
}

}  // namespace bigtransfer::binding

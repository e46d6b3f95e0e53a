// Each starts one job.
#include "binding/picture_functions.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "binding/environment.h"
#include "binding/job.h"
#include "binding/pictures.h"
#include "binding/requests.h"
#include "binding/values.h"
#include "pictures/gpu_preprocessor.h"
#include "runtime/executor.h"

namespace bigtransfer::binding {

Napi::Value preprocess(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto given = info[0].As<Napi::Object>();
    auto request =
        std::make_shared<const pictures::PreprocessRequest>(to_preprocess_request(given));
    return start_job<std::optional<at::Tensor>>(
        Client::of(info), given["priority"], 1,
        [request](const runtime::CancelToken&) { return pictures::preprocess(*request); },
        [&client = Client::of(info)](Napi::Env env,
                                     const std::optional<at::Tensor>& result) -> Napi::Value {
          return result ? Napi::Value(from_pixels(client, *result)) : env.Null();
        });
  });
}

Napi::Value stage_picture(const Napi::CallbackInfo& info) {
  using Staged = std::optional<pictures::StagedPicture>;
  return guarded(info, [&]() -> Napi::Value {
    const auto given = info[0].As<Napi::Object>();
    auto request = std::make_shared<pictures::PreprocessRequest>(to_preprocess_request(given));
    return start_job<Staged>(
        Client::of(info), given["priority"], 1,
        [request](const runtime::CancelToken&) {
          return pictures::stage_for_gpus(std::move(*request));
        },
        [](Napi::Env env, Staged& picture) -> Napi::Value {
          return picture ? Napi::Value(from_staged(env, std::move(*picture))) : env.Null();
        });
  });
}

Napi::Value prepare_pictures(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto given = info[0].As<Napi::Object>();
    auto pictures = std::make_shared<const pictures::StagedPictures>(to_staged(given["pictures"]));
    const std::string device = to_string(given["device"]);
    return start_job<at::Tensor>(
        Client::of(info), given["priority"], runtime::kOnDevice,
        [pictures, device](const runtime::CancelToken&) {
          return pictures::prepare_on_gpu(*pictures, device);
        },
        [&client = Client::of(info)](Napi::Env, const at::Tensor& pixels) -> Napi::Value {
          return from_pixels(client, pixels);
        });
  });
}

}  // namespace bigtransfer::binding

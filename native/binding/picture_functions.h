// The addon's functions that make pixel values of pictures.
#pragma once

#include <napi.h>

namespace bigtransfer::binding {

Napi::Value preprocess(const Napi::CallbackInfo& info);
Napi::Value stage_picture(const Napi::CallbackInfo& info);
Napi::Value prepare_pictures(const Napi::CallbackInfo& info);

}  // namespace bigtransfer::binding

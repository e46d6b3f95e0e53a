// What JavaScript calls to fit a head to features.
#pragma once

#include <napi.h>

namespace bigtransfer::binding {

/// openHeadFitter(request): room for features; a NativeHeadFitter.
Napi::Value open_head_fitter(const Napi::CallbackInfo& info);
/// headOutputs(request): a promise of what a head says of features.
Napi::Value head_outputs(const Napi::CallbackInfo& info);
/// saveWithHead(request): a promise that resolves when the file is written.
Napi::Value save_with_head(const Napi::CallbackInfo& info);

}  // namespace bigtransfer::binding

// The addon's functions about itself, the machine and what networks cost.
#pragma once

#include <napi.h>

namespace bigtransfer::binding {

/// initialize({ threads, BitError, cudaLibrary }): once for each copy of the package, before
/// anything else.
Napi::Value initialize(const Napi::CallbackInfo& info);
/// close(): cancels the jobs of this environment and waits for them.
Napi::Value close_environment(const Napi::CallbackInfo& info);
Napi::Value info(const Napi::CallbackInfo& info);
/// checkDevice(name): throws where no such GPU is there.
Napi::Value check_device(const Napi::CallbackInfo& info);
/// costByStage(spec, height, width).
Napi::Value cost_by_stage(const Napi::CallbackInfo& info);

}  // namespace bigtransfer::binding

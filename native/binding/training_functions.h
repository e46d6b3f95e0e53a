// What JavaScript calls to train.
#pragma once

#include <napi.h>

namespace bigtransfer::binding {

/// loadTrainer(request): reads the weights on a compute thread; a promise of a NativeTrainer.
Napi::Value load_trainer(const Napi::CallbackInfo& info);

}  // namespace bigtransfer::binding

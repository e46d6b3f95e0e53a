// What JavaScript calls to be the only one.
#pragma once

#include <napi.h>

namespace bigtransfer::binding {

/// lockFile(path): a NativeLock, or null where somebody holds it.
Napi::Value lock_file(const Napi::CallbackInfo& info);

}  // namespace bigtransfer::binding

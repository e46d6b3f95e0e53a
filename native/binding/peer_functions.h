// What JavaScript calls to train in several processes.
#pragma once

#include <napi.h>

#include <memory>

#include "peers/peers.h"

namespace bigtransfer::binding {

/// checkPeers(device): throws where the library for it does not load.
Napi::Value check_peers(const Napi::CallbackInfo& info);
/// openPeers(request): a NativePeers.
Napi::Value open_peers(const Napi::CallbackInfo& info);

/// putInAgentStore(request, value): a promise of nothing.
Napi::Value put_in_agent_store(const Napi::CallbackInfo& info);
/// takeFromAgentStore(request): a NativeJob of a string.
Napi::Value take_from_agent_store(const Napi::CallbackInfo& info);

/// The peers of a NativePeers. Throws Error kConfig for anything else, kDisposed where they are
/// gone.
std::shared_ptr<peers::Peers> to_peers(const Napi::Value& value);

}  // namespace bigtransfer::binding

// The door to the library that processes talk to each other by: one of its own, opened when it is
// asked for, so that nothing else needs what it is linked to.
#pragma once

#include <memory>

#include "peers/peers.h"

namespace bigtransfer::peers {

/// The library's only export; null where the caller was compiled from other headers, which
/// `interface` tells. Throws Error kTraining for an address that is none of this machine's.
using OpenPeers = Peers* (*)(const char* interface, const PeerRequest* request);
inline constexpr const char* kOpenPeers = "bigtransfer_open_peers";

/// Throws Error kLibtorch that says what to do where there is no such library, or one that does not
/// load.
void expect_peer_library();

/// Throws that too, and Error kTraining for an address that is none of this machine's.
std::unique_ptr<Peers> open_peers(const PeerRequest& request);

}  // namespace bigtransfer::peers

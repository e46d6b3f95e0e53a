// The door to the libraries that processes talk to each other by: one for CPUs and one for GPUs,
// opened when they are asked for, so that nothing else needs what they are linked to.
#pragma once

#include <memory>
#include <string>

#include "peers/peers.h"

namespace bigtransfer::peers {

/// The only export of each; null where the caller was compiled from other headers, which
/// `interface` tells. Throws Error kTraining for an address that is none of this machine's.
using OpenPeers = Peers* (*)(const char* interface, const PeerRequest* request);
inline constexpr const char* kOpenPeers = "bigtransfer_open_peers";

/// The folder of the library for GPUs, if it is not the core's; counts before its first use.
void look_for_gpu_library(const std::string& folder);

/// Throws Error kLibtorch that says what to do where there is no such library for a device, or one
/// that does not load.
void expect_peer_library(int device);

/// Throws that too, and Error kTraining for an address that is none of this machine's.
std::unique_ptr<Peers> open_peers(const PeerRequest& request);

}  // namespace bigtransfer::peers

// Processes that train together: what one asks of all of them. Gloo does it for memory of the CPU,
// NCCL for that of GPUs.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bigtransfer::peers {

/// In place of a GPU's number.
inline constexpr int kOnCpu = -1;

/// One process among several. All of them make the same calls in the same order, each call at about
/// the same time: who waits for longer than the time limit gives up. Calls of one object come one
/// after the other. Where a peer is gone or late they throw Error kTraining, as do all calls from
/// then on.
class Peers {
 public:
  virtual ~Peers() = default;

  /// Where the others reach this process: bytes that mean nothing to anybody else.
  virtual std::string address() const = 0;
  /// Before all other calls: the addresses of all, by rank.
  virtual void connect(const std::vector<std::string>& addresses) = 0;

  /// The GPU in whose memory values and bytes are, or kOnCpu. What was begun there has to be done
  /// before a call, and is as the call says when it returns.
  virtual int device() const { return kOnCpu; }

  /// Puts the sums of all peers' values into everybody's: the same bits each time and everywhere.
  virtual void all_reduce(float* values, size_t count) = 0;
  /// Puts what peer 0 has into everybody's.
  virtual void broadcast(void* bytes, size_t size) = 0;
};

/// What a process is among its peers.
struct PeerRequest {
  /// From 0 to below `size`.
  int rank;
  int size;
  /// As Peers::device().
  int device;
  /// Of this machine, the one that the others reach it by; empty where `interface` says it. NCCL
  /// finds that out itself.
  std::string host;
  /// Name of a network interface, or empty.
  std::string interface;
  /// How long a call waits for others.
  double timeout_seconds;
};

}  // namespace bigtransfer::peers

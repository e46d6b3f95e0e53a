// The key-value store of torchrun's agent, by which the processes that it has started find each
// other.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace bigtransfer::peers {

/// Where it is, and how long it may take.
struct AgentStore {
  std::string host;
  uint16_t port;
  std::chrono::milliseconds timeout;
};

/// Throws Error kTraining where it is not there.
void put(const AgentStore& store, const std::string& key, const std::string& value);

/// Waits until another process has put it; `between` is called every now and then and may throw to
/// end that. Throws Error kTraining where the store is not there, or nobody puts it in time.
std::string take(const AgentStore& store, const std::string& key,
                 const std::function<void()>& between);

}  // namespace bigtransfer::peers

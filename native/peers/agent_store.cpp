// By libtorch's own client: what passes between it and the agent changes with versions.
#include "peers/agent_store.h"

#include <c10/util/Exception.h>

#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "common/error.h"

namespace bigtransfer::peers {
namespace {

/// Between two looks.
constexpr std::chrono::milliseconds kPause{50};

std::string place_of(const AgentStore& store) {
  return store.host + ":" + std::to_string(store.port);
}

/// What `work` gives with a connection to the store.
template <typename Work>
auto with(const AgentStore& store, Work work) {
  try {
    c10d::TCPStoreOptions options;
    options.port = store.port;
    options.waitWorkers = false;
    options.timeout = store.timeout;
    c10d::TCPStore client(store.host, options);
    return work(client);
  } catch (const c10::Error& error) {
    throw Error(ErrorCode::kTraining, "The store of torchrun's agent at " + place_of(store) +
                                          " cannot be used: " + error.what_without_backtrace());
  }
}

}  // namespace

void put(const AgentStore& store, const std::string& key, const std::string& value) {
  with(store, [&](c10d::TCPStore& client) {
    client.set(key, std::vector<uint8_t>(value.begin(), value.end()));
  });
}

std::string take(const AgentStore& store, const std::string& key,
                 const std::function<void()>& between) {
  const auto end = std::chrono::steady_clock::now() + store.timeout;
  return with(store, [&](c10d::TCPStore& client) {
    while (!client.check({key})) {
      between();
      if (std::chrono::steady_clock::now() > end)
        throw Error(ErrorCode::kTraining,
                    "Rank 0 does not say where it is by the store of "
                    "torchrun's agent at " +
                        place_of(store));
      std::this_thread::sleep_for(kPause);
    }
    const std::vector<uint8_t> value = client.get(key);
    return std::string(value.begin(), value.end());
  });
}

}  // namespace bigtransfer::peers

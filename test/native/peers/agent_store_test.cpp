// The store of torchrun's agent, by libtorch's own server of it.
#include "peers/agent_store.h"

#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "check.h"
#include "common/error.h"

using namespace bigtransfer;
using std::chrono::milliseconds;

namespace {

constexpr const char* kHere = "127.0.0.1";

c10::intrusive_ptr<c10d::TCPStore> server() {
  c10d::TCPStoreOptions options;
  options.port = 0;
  options.isServer = true;
  options.waitWorkers = false;
  return c10::make_intrusive<c10d::TCPStore>(kHere, options);
}

void nothing() {}

}  // namespace

TEST("agent store: what one process puts another takes, before or after") {
  const auto agent = server();
  const peers::AgentStore store{kHere, agent->getPort(), milliseconds(30'000)};
  peers::put(store, "early", "4711");
  EXPECT(peers::take(store, "early", nothing) == "4711");
  std::string late;
  int looks = 0;
  std::thread waiting([&] { late = peers::take(store, "late", [&] { ++looks; }); });
  while (looks == 0) std::this_thread::yield();
  peers::put(store, "late", "");
  waiting.join();
  EXPECT(late.empty());
  EXPECT(looks > 0);
}

TEST("agent store: a wait ends where it is told to, and when its time is over") {
  const auto agent = server();
  const peers::AgentStore store{kHere, agent->getPort(), milliseconds(200)};
  EXPECT_THROWS(peers::take(store, "never", nothing), ErrorCode::kTraining,
                "Rank 0 does not say where it is");
  const auto stop = [] { throw Error(ErrorCode::kConfig, "enough"); };
  EXPECT_THROWS(peers::take(store, "never", stop), ErrorCode::kConfig, "enough");
}

TEST("agent store: one that is not there is told, with its place") {
  uint16_t port = 0;
  {
    const auto agent = server();
    port = agent->getPort();
  }
  const peers::AgentStore store{kHere, port, milliseconds(200)};
  EXPECT_THROWS(peers::put(store, "key", "value"), ErrorCode::kTraining,
                "127.0.0.1:" + std::to_string(port));
}

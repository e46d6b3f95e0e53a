// Peers by NCCL, with a fake one whose ranks are threads: who waits for whom, and for how long.
#include <cuda_runtime_api.h>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "check.h"
#include "common/error.h"
#include "peers/peer_library.h"

using namespace bigtransfer;
using namespace bigtransfer::peers;

extern "C" Peers* bigtransfer_open_peers(const char* interface, const PeerRequest* request);

namespace {

constexpr double kPlenty = 60;
constexpr double kSoon = 0.2;

PeerRequest request_of(int rank, int size, double seconds = kPlenty) {
  PeerRequest request{};
  request.rank = rank;
  request.size = size;
  // Of none that a thread begins with.
  request.device = rank + 1;
  request.timeout_seconds = seconds;
  return request;
}

std::unique_ptr<Peers> open(const PeerRequest& request) {
  return std::unique_ptr<Peers>(bigtransfer_open_peers(BIGTRANSFER_PEERS_INTERFACE, &request));
}

/// Runs `work(peers, rank)` in as many threads, of peers that are connected.
void among(int size, const std::function<void(std::unique_ptr<Peers>&, int)>& work) {
  std::vector<std::unique_ptr<Peers>> all;
  std::vector<std::string> addresses;
  for (int rank = 0; rank < size; ++rank) {
    all.push_back(open(request_of(rank, size)));
    addresses.push_back(all.back()->address());
  }
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank)
    threads.emplace_back([&, rank] {
      all[static_cast<size_t>(rank)]->connect(addresses);
      work(all[static_cast<size_t>(rank)], rank);
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST("peers by NCCL add up and copy, each on its own device") {
  std::vector<std::vector<float>> values(3);
  std::vector<int> devices(3, -1);
  among(3, [&](std::unique_ptr<Peers>& peers, int rank) {
    std::vector<float>& own = values[static_cast<size_t>(rank)];
    own = {static_cast<float>(rank), 10};
    peers->all_reduce(own.data(), own.size());
    own.push_back(static_cast<float>(rank + 7));
    peers->broadcast(&own[2], sizeof(float));
    EXPECT(peers->device() == rank + 1);
    cudaGetDevice(&devices[static_cast<size_t>(rank)]);
  });
  for (const auto& each : values) EXPECT((each == std::vector<float>{3, 30, 7}));
  EXPECT((devices == std::vector<int>{0, 0, 0}));
}

TEST("peers by NCCL wait no longer than they are told, and are of no use afterwards") {
  const auto alone = open(request_of(0, 2, kSoon));
  EXPECT_THROWS(alone->connect({alone->address(), ""}), ErrorCode::kTraining,
                "not all processes come together within 0.2");
  float value = 0;
  EXPECT_THROWS(alone->all_reduce(&value, 1), ErrorCode::kTraining, "a call before has failed");
}

TEST("peers by NCCL hear of one that is gone") {
  std::vector<std::string> told(2);
  among(2, [&](std::unique_ptr<Peers>& peers, int rank) {
    float value = 1;
    peers->all_reduce(&value, 1);
    if (rank == 1) return peers.reset();
    EXPECT_THROWS(peers->all_reduce(&value, 1), ErrorCode::kTraining,
                  "NCCL: remote process exited (told by the fake)");
  });
}

TEST("peers by NCCL need rank 0's address, a device, and a core of the same build") {
  const auto one = open(request_of(1, 2));
  EXPECT(one->address().empty());
  EXPECT_THROWS(one->connect({"short", ""}), ErrorCode::kTraining, "another version");
  PeerRequest lost = request_of(0, 2);
  lost.device = 99;
  EXPECT_THROWS(open(lost), ErrorCode::kTraining, "invalid device ordinal");
  const PeerRequest request = request_of(0, 2);
  EXPECT(bigtransfer_open_peers("another", &request) == nullptr);
}

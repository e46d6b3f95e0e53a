// Peers by Gloo over TCP: the only file that knows Gloo, in a library of its own.
#include <gloo/allreduce.h>
#include <gloo/broadcast.h>
#include <gloo/context.h>
#include <gloo/math.h>
#include <gloo/transport/address.h>
#include <gloo/transport/context.h>
#include <gloo/transport/device.h>
#include <gloo/transport/tcp/device.h>

#include <chrono>
#include <cstring>
#include <exception>
#include <memory>
#include <utility>

#include "common/error.h"
#include "peers/peer_library.h"

namespace bigtransfer::peers {
namespace {

/// What `work` gives; Gloo's own exceptions stay within this library.
template <typename Work>
auto explained(Work work) {
  try {
    return work();
  } catch (const std::exception& error) {
    throw Error(ErrorCode::kTraining, std::string("Gloo: ") + error.what());
  }
}

std::shared_ptr<gloo::transport::Device> open_device(const PeerRequest& request) {
  gloo::transport::tcp::attr attributes;
  attributes.hostname = request.host;
  attributes.iface = request.interface;
  return gloo::transport::tcp::CreateDevice(attributes);
}

/// A connection with each of the others. Gloo's own way to make them asks a store for addresses and
/// blocks meanwhile; here whoever has the addresses brings them.
class Mesh : public gloo::Context {
 public:
  Mesh(const PeerRequest& request, std::chrono::milliseconds timeout)
      : gloo::Context(request.rank, request.size) {
    setTimeout(timeout);
    device_ = open_device(request);
    transportContext_ = device_->createContext(rank, size);
    transportContext_->setTimeout(timeout);
    for (int other = 0; other < size; ++other)
      if (other != rank) transportContext_->createPair(other);
  }

  /// Of all its connections' ends, in order of rank, each of the same length.
  std::string address() const {
    std::string bytes;
    for (int other = 0; other < size; ++other) {
      if (other == rank) continue;
      const std::vector<char> end = transportContext_->getPair(other)->address().bytes();
      bytes.append(end.data(), end.size());
    }
    return bytes;
  }

  void connect(const std::vector<std::string>& addresses) {
    for (int other = 0; other < size; ++other) {
      if (other == rank) continue;
      const std::string& ends = addresses.at(static_cast<size_t>(other));
      const size_t length = ends.size() / static_cast<size_t>(size - 1);
      // The other one has no end for itself.
      const size_t place = static_cast<size_t>(rank < other ? rank : rank - 1);
      const std::string end = ends.substr(place * length, length);
      transportContext_->getPair(other)->connect({end.begin(), end.end()});
    }
  }
};

class GlooPeers final : public Peers {
 public:
  explicit GlooPeers(const PeerRequest& request)
      : mesh_(std::make_shared<Mesh>(request, std::chrono::milliseconds(static_cast<int64_t>(
                                                  1000 * request.timeout_seconds)))) {}

  std::string address() const override {
    return explained([&] { return mesh_->address(); });
  }

  void connect(const std::vector<std::string>& addresses) override {
    explained([&] { mesh_->connect(addresses); });
  }

  void all_reduce(float* values, size_t count) override {
    explained([&] {
      gloo::AllreduceOptions options(mesh_);
      options.setOutput(values, count);
      options.setAlgorithm(gloo::AllreduceOptions::Algorithm::RING);
      options.setReduceFunction([](void* sum, const void* a, const void* b, size_t size) {
        gloo::sum<float>(sum, a, b, size);
      });
      gloo::allreduce(options);
    });
  }

  void broadcast(void* bytes, size_t size) override {
    explained([&] {
      gloo::BroadcastOptions options(mesh_);
      options.setOutput(static_cast<char*>(bytes), size);
      options.setRoot(0);
      gloo::broadcast(options);
    });
  }

 private:
  std::shared_ptr<Mesh> mesh_;
};

}  // namespace
}  // namespace bigtransfer::peers

extern "C" __attribute__((visibility("default"))) bigtransfer::peers::Peers* bigtransfer_open_peers(
    const char* interface, const bigtransfer::peers::PeerRequest* request) {
  using namespace bigtransfer::peers;
  if (std::strcmp(interface, BIGTRANSFER_PEERS_INTERFACE) != 0) return nullptr;
  return explained([&] { return new GlooPeers(*request); });
}

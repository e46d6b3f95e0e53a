// Looks for the library beside the core.
#include "peers/peer_library.h"

#include <dlfcn.h>

#include <string>

#include "common/error.h"
#include "common/own_folder.h"

namespace bigtransfer::peers {
namespace {

constexpr const char* kLibrary = "bigtransfer-gloo.so";

[[noreturn]] void fail(const std::string& why) {
  throw Error(ErrorCode::kLibtorch,
              "Training in several processes takes " + std::string(kLibrary) + ", and " + why +
                  ". In a clone, `apt install libgloo-dev` and `npm run build:native` make it");
}

/// Looked for until it is there.
OpenPeers library() {
  const std::string path = own_folder() + "/" + kLibrary;
  void* opened = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) fail(std::string("it does not load (") + dlerror() + ")");
  const auto open = reinterpret_cast<OpenPeers>(dlsym(opened, kOpenPeers));
  if (open == nullptr) fail(path + " is none");
  return open;
}

}  // namespace

void expect_peer_library() { library(); }

std::unique_ptr<Peers> open_peers(const PeerRequest& request) {
  Peers* const opened = library()(BIGTRANSFER_PEERS_INTERFACE, &request);
  if (opened == nullptr) fail("the one that is there is of another build than the core");
  return std::unique_ptr<Peers>(opened);
}

}  // namespace bigtransfer::peers

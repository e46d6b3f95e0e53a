// Looks for the library beside the core.
#include "peers/peer_library.h"

#include <dlfcn.h>

#include <filesystem>
#include <mutex>
#include <string>

#include "common/error.h"
#include "common/own_folder.h"

namespace bigtransfer::peers {
namespace {

struct Library {
  const char* name;
  /// What makes it in a clone.
  const char* remedy;
};
constexpr Library kGloo{"bigtransfer-gloo.so",
                        "`apt install libgloo-dev` and `npm run build:native` make it"};
constexpr Library kNccl{"bigtransfer-nccl.so", "`node scripts/build-native.js --cuda` makes it"};

const Library& library_for(int device) { return device == kOnCpu ? kGloo : kNccl; }

[[noreturn]] void fail(const Library& library, const std::string& why) {
  throw Error(ErrorCode::kLibtorch, "Training in several processes takes " +
                                        std::string(library.name) + ", and " + why +
                                        ". In a clone, " + library.remedy);
}

struct Place {
  std::mutex mutex;
  std::string folder;
};

/// Of the library for GPUs.
Place& place() {
  static Place result;
  return result;
}

std::string path_of(const Library& library) {
  const std::string beside = own_folder() + "/" + library.name;
  const std::lock_guard lock(place().mutex);
  const std::string& folder = place().folder;
  if (&library != &kNccl || folder.empty() || std::filesystem::exists(beside)) return beside;
  return folder + "/" + library.name;
}

/// Looked for until it is there.
OpenPeers opened(const Library& library) {
  const std::string path = path_of(library);
  void* opened = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) fail(library, std::string("it does not load (") + dlerror() + ")");
  const auto open = reinterpret_cast<OpenPeers>(dlsym(opened, kOpenPeers));
  if (open == nullptr) fail(library, path + " is none");
  return open;
}

}  // namespace

void look_for_gpu_library(const std::string& folder) {
  const std::lock_guard lock(place().mutex);
  place().folder = folder;
}

void expect_peer_library(int device) { opened(library_for(device)); }

std::unique_ptr<Peers> open_peers(const PeerRequest& request) {
  const Library& library = library_for(request.device);
  Peers* const peers = opened(library)(BIGTRANSFER_PEERS_INTERFACE, &request);
  if (peers == nullptr) fail(library, "the one that is there is of another build than the core");
  return std::unique_ptr<Peers>(peers);
}

}  // namespace bigtransfer::peers

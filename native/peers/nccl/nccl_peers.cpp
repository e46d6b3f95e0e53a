// Peers by NCCL, for memory of GPUs: the only file that knows NCCL, in a library of its own. NCCL
// itself is the one that libtorch has brought.
#include <cuda_runtime_api.h>
#include <nccl.h>

#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>

#include "common/error.h"
#include "peers/peer_library.h"

namespace bigtransfer::peers {
namespace {

using Clock = std::chrono::steady_clock;

/// Between two looks at what is under way, which takes milliseconds.
constexpr std::chrono::microseconds kLook{50};

[[noreturn]] void fail(const std::string& why) {
  throw Error(ErrorCode::kTraining, "NCCL: " + why);
}

void check(cudaError_t code) {
  if (code != cudaSuccess) fail(cudaGetErrorString(code));
}

/// Calls come from any thread, and the device belongs to the thread.
class OnDevice {
 public:
  explicit OnDevice(int device) {
    check(cudaGetDevice(&before_));
    check(cudaSetDevice(device));
  }
  ~OnDevice() { cudaSetDevice(before_); }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;

 private:
  int before_ = 0;
};

/// A communicator whose calls never block, so that they can be given up.
class NcclPeers final : public Peers {
 public:
  explicit NcclPeers(const PeerRequest& request)
      : request_(request),
        limit_(std::chrono::duration_cast<Clock::duration>(
            std::chrono::duration<double>(request.timeout_seconds))) {
    const OnDevice guard(request_.device);
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  }

  ~NcclPeers() override {
    // One that is still at work with somebody who is gone would wait for ever.
    if (communicator_ != nullptr) ncclCommAbort(communicator_);
    cudaStreamDestroy(stream_);
  }

  int device() const override { return request_.device; }

  /// Of rank 0 alone, by which all find each other.
  std::string address() const override {
    if (request_.rank != 0) return "";
    ncclUniqueId id;
    const ncclResult_t code = ncclGetUniqueId(&id);
    if (code != ncclSuccess) fail(ncclGetErrorString(code));
    return {id.internal, sizeof(id.internal)};
  }

  void connect(const std::vector<std::string>& addresses) override {
    ncclUniqueId id;
    if (addresses.empty() || addresses[0].size() != sizeof(id.internal))
      fail("rank 0 has another version of it");
    std::memcpy(id.internal, addresses[0].data(), sizeof(id.internal));
    within_limit("come together", [&] {
      ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
      config.blocking = 0;
      return ncclCommInitRankConfig(&communicator_, request_.size, id, request_.rank, &config);
    });
  }

  void all_reduce(float* values, size_t count) override {
    within_limit("add up", [&] {
      return ncclAllReduce(values, values, count, ncclFloat32, ncclSum, communicator_, stream_);
    });
  }

  void broadcast(void* bytes, size_t size) override {
    within_limit("copy", [&] {
      return ncclBroadcast(bytes, bytes, size, ncclUint8, 0, communicator_, stream_);
    });
  }

 private:
  /// Begins something and waits until it is done on the device; after a failure nothing is begun
  /// any more.
  void within_limit(const char* what, const std::function<ncclResult_t()>& begin) {
    if (has_failed_) fail("a call before has failed");
    const OnDevice guard(request_.device);
    const Clock::time_point end = Clock::now() + limit_;
    has_failed_ = true;
    expect_sound(begin());
    while (is_beginning()) wait(what, end);
    // A peer that has gone once it was done does no harm.
    while (is_on_device()) {
      is_beginning();
      wait(what, end);
    }
    has_failed_ = false;
  }

  void wait(const char* what, Clock::time_point end) const {
    if (Clock::now() > end)
      fail(std::string("not all processes ") + what + " within " +
           std::to_string(request_.timeout_seconds) + " s");
    std::this_thread::sleep_for(kLook);
  }

  void expect_sound(ncclResult_t code) const {
    if (code != ncclSuccess && code != ncclInProgress) fail(reason(code));
  }

  /// Whether the call is not on the device yet; throws where a peer is gone.
  bool is_beginning() const {
    ncclResult_t state = ncclSuccess;
    expect_sound(ncclCommGetAsyncError(communicator_, &state));
    expect_sound(state);
    return state == ncclInProgress;
  }

  bool is_on_device() const {
    const cudaError_t state = cudaStreamQuery(stream_);
    if (state != cudaErrorNotReady) check(state);
    return state == cudaErrorNotReady;
  }

  std::string reason(ncclResult_t code) const {
    const char* const last = communicator_ == nullptr ? nullptr : ncclGetLastError(communicator_);
    std::string text = ncclGetErrorString(code);
    if (last != nullptr && *last != '\0') text += std::string(" (") + last + ")";
    return text;
  }

  PeerRequest request_;
  Clock::duration limit_;
  cudaStream_t stream_ = nullptr;
  ncclComm_t communicator_ = nullptr;
  bool has_failed_ = false;
};

}  // namespace
}  // namespace bigtransfer::peers

extern "C" __attribute__((visibility("default"))) bigtransfer::peers::Peers* bigtransfer_open_peers(
    const char* interface, const bigtransfer::peers::PeerRequest* request) {
  using namespace bigtransfer::peers;
  if (std::strcmp(interface, BIGTRANSFER_PEERS_INTERFACE) != 0) return nullptr;
  return new NcclPeers(*request);
}

// NCCL among threads: a call is done once all ranks have made it, and none of them waits within a
// call.
#include <cuda_runtime_api.h>
#include <nccl.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace {

constexpr int kDevices = 8;
thread_local int current_device = 0;

std::mutex mutex;

/// The ranks that have come together, or are about to.
struct Group {
  size_t size;
  std::vector<FakeCommunicator*> ranks;
  bool is_broken = false;
};
std::map<std::string, std::shared_ptr<Group>> groups;

}  // namespace

struct FakeStream {
  int device;
  bool is_busy = false;
};

struct FakeCommunicator {
  std::shared_ptr<Group> group;
  int device;
  /// What it has called and not all others have.
  FakeStream* stream = nullptr;
  void* values = nullptr;
};

namespace {

/// Of a call that comes to its end with the last of them; each has its own values.
ncclResult_t join(FakeCommunicator& one, void* values, FakeStream* stream,
                  const std::function<void(const std::vector<FakeCommunicator*>&)>& work) {
  const std::lock_guard lock(mutex);
  if (one.device != current_device || stream->device != current_device) return ncclInvalidArgument;
  one.values = values;
  one.stream = stream;
  stream->is_busy = true;
  const auto& ranks = one.group->ranks;
  for (FakeCommunicator* const each : ranks)
    if (each->stream == nullptr) return ncclInProgress;
  work(ranks);
  for (FakeCommunicator* const each : ranks) {
    each->stream->is_busy = false;
    each->stream = nullptr;
  }
  return ncclSuccess;
}

bool is_whole(const Group& group) {
  for (FakeCommunicator* const each : group.ranks)
    if (each == nullptr) return false;
  return true;
}

}  // namespace

cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= kDevices) return cudaErrorInvalidDevice;
  current_device = device;
  return cudaSuccess;
}

const char* cudaGetErrorString(cudaError_t code) {
  return code == cudaErrorInvalidDevice ? "invalid device ordinal" : "no error";
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new FakeStream{current_device};
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  return stream->is_busy ? cudaErrorNotReady : cudaSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  static int drawn = 0;
  const std::lock_guard lock(mutex);
  std::memset(id->internal, 0, sizeof(id->internal));
  std::snprintf(id->internal, sizeof(id->internal), "group %d", ++drawn);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* made, int size, ncclUniqueId id, int rank,
                                    ncclConfig_t* config) {
  const std::lock_guard lock(mutex);
  if (config->blocking != 0) return ncclInvalidArgument;
  std::shared_ptr<Group>& group = groups[id.internal];
  if (!group) group = std::make_shared<Group>(Group{static_cast<size_t>(size), {}});
  group->ranks.resize(group->size);
  *made = new FakeCommunicator{group, current_device};
  group->ranks.at(static_cast<size_t>(rank)) = *made;
  return ncclInProgress;
}

ncclResult_t ncclCommAbort(ncclComm_t communicator) {
  const std::lock_guard lock(mutex);
  communicator->group->is_broken = true;
  delete communicator;
  return ncclSuccess;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t communicator, ncclResult_t* state) {
  const std::lock_guard lock(mutex);
  const Group& group = *communicator->group;
  *state = group.is_broken ? ncclRemoteError : is_whole(group) ? ncclSuccess : ncclInProgress;
  return ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t code) {
  return code == ncclRemoteError ? "remote process exited" : "invalid argument";
}

const char* ncclGetLastError(ncclComm_t) { return "told by the fake"; }

ncclResult_t ncclAllReduce(const void*, void* to, size_t count, ncclDataType_t type, ncclRedOp_t,
                           ncclComm_t communicator, cudaStream_t stream) {
  if (type != ncclFloat32) return ncclInvalidArgument;
  return join(*communicator, to, stream, [count](const std::vector<FakeCommunicator*>& ranks) {
    std::vector<float> sums(count, 0);
    for (const FakeCommunicator* const each : ranks)
      for (size_t i = 0; i < count; ++i) sums[i] += static_cast<const float*>(each->values)[i];
    for (const FakeCommunicator* const each : ranks)
      std::memcpy(each->values, sums.data(), count * sizeof(float));
  });
}

ncclResult_t ncclBroadcast(const void*, void* to, size_t count, ncclDataType_t type, int root,
                           ncclComm_t communicator, cudaStream_t stream) {
  if (type != ncclUint8) return ncclInvalidArgument;
  return join(*communicator, to, stream, [=](const std::vector<FakeCommunicator*>& ranks) {
    const void* const from = ranks.at(static_cast<size_t>(root))->values;
    for (FakeCommunicator* const each : ranks)
      if (each->values != from) std::memcpy(each->values, from, count);
  });
}

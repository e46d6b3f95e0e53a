// Looks for the CUDA library beside the core, and for a device through it.
#include "devices/cuda_library.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <exception>
#include <mutex>

#include "common/own_folder.h"

namespace bigtransfer::devices {
namespace {

/// The file's name, beside the core's.
std::string library_name() {
  return "bigtransfer-cuda-torch" + std::to_string(TORCH_VERSION_MAJOR) + "." +
         std::to_string(TORCH_VERSION_MINOR) + ".so";
}

struct Place {
  std::mutex mutex;
  std::string path;
};

Place& place() {
  static Place result;
  return result;
}

std::string library_path() {
  const std::lock_guard lock(place().mutex);
  return place().path.empty() ? own_folder() + "/" + library_name() : place().path;
}

struct Found {
  const CudaDevices* devices = nullptr;
  std::string why_not;
  /// Null where it does not open.
  void* library = nullptr;
};

/// The library's own, or why it is none.
Found open_library(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return {nullptr, std::string("the CUDA library does not load (") + dlerror() +
                         "): in a clone, `npm run build:cuda` builds it"};
  }
  const auto entry = reinterpret_cast<CudaDevicesEntry>(dlsym(library, kCudaDevicesEntry));
  const CudaDevices* devices = entry == nullptr ? nullptr : entry(BIGTRANSFER_INTERFACE);
  if (devices == nullptr)
    return {nullptr, path + " is of another build than the core: run `npm run build:cuda` again"};
  return {devices, "", library};
}

Found find() {
  if (!c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA)) {
    return {nullptr,
            "this libtorch is built for the CPU alone: `npx bigtransfer libtorch fetch --cuda` "
            "brings one for NVIDIA GPUs, or BIGTRANSFER_LIBTORCH names one (in a clone, run "
            "`npm run build:cuda` after that)"};
  }
  Found found = open_library(library_path());
  if (found.devices == nullptr) return found;
  try {
    found.devices->all();
    return found;
  } catch (const std::exception& error) {
    return {nullptr, error.what(), found.library};
  }
}

const Found& found() {
  static const Found result = find();
  return result;
}

}  // namespace

void look_for_cuda_library(const std::string& path) {
  const std::lock_guard lock(place().mutex);
  place().path = path;
}

const CudaDevices* cuda_devices() { return found().devices; }

void* cuda_export(const char* name) {
  return found().devices == nullptr ? nullptr : dlsym(found().library, name);
}

bool has_cuda_library() { return found().library != nullptr; }

const std::string& why_no_cuda() { return found().why_not; }

}  // namespace bigtransfer::devices

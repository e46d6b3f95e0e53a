// Looks for the CUDA library beside the core, and for a device through it.
#include "devices/cuda_library.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <exception>

namespace bigtransfer::devices {
namespace {

/// The file's name, beside the core's.
std::string library_name() {
  return "bigtransfer-cuda-torch" + std::to_string(TORCH_VERSION_MAJOR) + "." +
         std::to_string(TORCH_VERSION_MINOR) + ".so";
}

/// Where this library lies.
std::string own_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&own_folder), &info) == 0) return ".";
  const std::string path = info.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
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
            "this libtorch is built for the CPU alone: set BIGTRANSFER_LIBTORCH to a CUDA "
            "libtorch, such as the torch package of Python on machines with an NVIDIA GPU, and run "
            "`npm run build:cuda`"};
  }
  Found found = open_library(own_folder() + "/" + library_name());
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

const CudaDevices* cuda_devices() { return found().devices; }

void* cuda_export(const char* name) {
  return found().devices == nullptr ? nullptr : dlsym(found().library, name);
}

bool has_cuda_library() { return found().library != nullptr; }

const std::string& why_no_cuda() { return found().why_not; }

}  // namespace bigtransfer::devices

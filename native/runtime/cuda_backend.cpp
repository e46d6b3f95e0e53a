// Looks for the CUDA library beside the core, and for a device through it.
#include "runtime/cuda_backend.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <exception>
#include <map>
#include <mutex>

namespace bigtransfer::runtime {
namespace {

/// Compute capability from which tensor cores multiply bfloat16 (Ampere).
constexpr int kBfloat16Major = 8;

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
  const CudaBackend* backend = nullptr;
  std::string why_not;
  bool has_library = false;
};

/// The library's own, or why it is none.
Found open_library(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return {nullptr, std::string("the CUDA library does not load (") + dlerror() +
                         "): in a clone, `npm run build:cuda` builds it"};
  }
  const auto entry = reinterpret_cast<CudaBackendEntry>(dlsym(library, kCudaBackendEntry));
  const CudaBackend* backend = entry == nullptr ? nullptr : entry(BIGTRANSFER_INTERFACE);
  if (backend == nullptr)
    return {nullptr, path + " is of another build than the core: run `npm run build:cuda` again"};
  return {backend, "", /*has_library=*/true};
}

Found find() {
  if (!c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA)) {
    return {nullptr,
            "this libtorch is built for the CPU alone: set BIGTRANSFER_LIBTORCH to a CUDA "
            "libtorch, such as the torch package of Python on machines with an NVIDIA GPU, and run "
            "`npm run build:cuda`"};
  }
  Found found = open_library(own_folder() + "/" + library_name());
  if (found.backend == nullptr) return found;
  try {
    found.backend->devices();
    return found;
  } catch (const std::exception& error) {
    return {nullptr, error.what(), /*has_library=*/true};
  }
}

const Found& found() {
  static const Found result = find();
  return result;
}

struct Problems {
  std::mutex mutex;
  std::map<int, std::string> by_device;
};

Problems& problems() {
  static auto* const all = new Problems();
  return *all;
}

}  // namespace

const CudaBackend* cuda_backend() { return found().backend; }

bool has_cuda_library() { return found().has_library; }

const std::string& why_no_cuda() { return found().why_not; }

at::ScalarType fast_type(const CudaDevice& device) {
  return device.major >= kBfloat16Major ? at::kBFloat16 : at::kHalf;
}

void note_device_problem(int device, const std::string& why) {
  const std::lock_guard lock(problems().mutex);
  problems().by_device.emplace(device, why);
}

std::string device_problem(int device) {
  const std::lock_guard lock(problems().mutex);
  const auto found = problems().by_device.find(device);
  return found == problems().by_device.end() ? "" : found->second;
}

}  // namespace bigtransfer::runtime

// Looks for the library where the system does, and among the wheels beside libtorch.
#include "pictures/cuda/gpu_jpeg.h"

#include <c10/cuda/CUDAFunctions.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <string>

namespace bigtransfer::pictures {
namespace {

/// Where libtorch's libraries lie.
std::string libtorch_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&c10::cuda::device_count), &info) == 0) return ".";
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/'));
}

}  // namespace

NvJpeg* gpu_jpeg_decoder() {
  const auto open = [] {
    const std::string major = std::to_string(CUDART_VERSION / 1000);
    const std::string name = "libnvjpeg.so." + major;
    const std::string wheels = libtorch_folder() + "/../../nvidia/";
    return NvJpeg::open(
        {name, wheels + "cu" + major + "/lib/" + name, wheels + "nvjpeg/lib/" + name});
  };
  // Never destroyed: it would outlive the driver.
  static NvJpeg* const decoder = open().release();
  return decoder;
}

}  // namespace bigtransfer::pictures

// What can be said without the CUDA library, and the way to it.
#include "pictures/gpu_preprocessor.h"

#include <c10/core/InferenceMode.h>

#include "common/error.h"
#include "devices/cuda_library.h"
#include "devices/devices.h"

namespace bigtransfer::pictures {

const GpuPreprocessor* gpu_preprocessor() {
  return devices::cuda_offer<GpuPreprocessor>("bigtransfer_cuda_preprocessor");
}

std::optional<StagedPicture> stage_for_gpus(PreprocessRequest request) {
  const devices::CudaDevices* gpus = devices::cuda_devices();
  const GpuPreprocessor* preprocessor = gpu_preprocessor();
  if (preprocessor == nullptr || !preprocessor->decodes_jpegs()) request.gpu_decode = false;
  return stage(request, [gpus](at::IntArrayRef shape) {
    return gpus == nullptr ? at::empty(shape, at::kByte) : gpus->allocate_rows(shape);
  });
}

std::vector<int64_t> common_shape(const StagedPictures& pictures) {
  std::vector<int64_t> first = output_shape(*pictures.front());
  for (const auto& each : pictures) {
    if (output_shape(*each) != first)
      throw Error(ErrorCode::kShape, "The pictures of a batch come out in several sizes");
  }
  return first;
}

at::Tensor prepare_on_gpu(const StagedPictures& pictures, const std::string& device) {
  const c10::InferenceMode guard;
  const int gpu = devices::gpus_of(device).front();
  common_shape(pictures);
  const auto count = static_cast<int64_t>(pictures.size());
  return gpu_preprocessor()->pixel_values(pictures, 0, count, gpu).cpu();
}

}  // namespace bigtransfer::pictures

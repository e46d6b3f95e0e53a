// Runs of rows and JPEGs go through the resize kernel together; values are copied as they are.
#include "pictures/gpu_preprocessor.h"

#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAGuard.h>

#include <algorithm>

#include "devices/cuda/gpu_copies.h"
#include "devices/cuda/gpu_index.h"
#include "ops/cuda/resize_tables.h"
#include "ops/pixel_scaling.h"
#include "pictures/cuda/gpu_jpeg.h"

namespace bigtransfer::pictures {
namespace {

/// Of pictures that are on the device at once, beside their result: a batch of large photographs,
/// and a small part of any card.
constexpr int64_t kMostBytesTogether = int64_t{256} << 20;
/// Pictures begin at multiples of so many bytes.
constexpr int64_t kAlignment = 16;

using Iterator = StagedPictures::const_iterator;

int64_t aligned(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// Of the rows on the device.
int64_t bytes_of(const StagedPicture& picture) {
  return aligned(picture.window.in_height * picture.window.in_width * ops::cuda::kRgb);
}

/// As many pictures to resize as may be on the device together, at least one.
Iterator end_of_run(Iterator begin, Iterator end) {
  int64_t bytes = 0;
  Iterator at = begin;
  for (; at != end && !(*at)->values.defined(); ++at) {
    bytes += bytes_of(**at);
    if (at != begin && bytes > kMostBytesTogether) break;
  }
  return at;
}

/// What decodes JPEGs on the current stream; empty where nothing does.
struct Decoder {
  NvJpeg* library = gpu_jpeg_decoder();
  std::shared_ptr<NvJpeg::State> state = library == nullptr ? nullptr : library->take_state();

  /// False where the CPU must.
  bool decode(const StagedPicture& picture, uint8_t* rows) const {
    return library != nullptr && !picture.jpeg.empty() &&
           library->decode(*state, picture.jpeg, picture.window.in_height, picture.window.in_width,
                           rows, at::cuda::getCurrentCUDAStream().stream());
  }
};

/// The rows of a run, on their way to the device; `places` says where each picture begins.
at::Tensor start_rows(Iterator begin, Iterator end, const Decoder& decoder,
                      std::vector<const uint8_t*>& places) {
  int64_t bytes = 0;
  for (Iterator at = begin; at != end; ++at) bytes += bytes_of(**at);
  at::Tensor rows = at::empty({bytes}, at::TensorOptions().dtype(at::kByte).device(at::kCUDA));
  int64_t offset = 0;
  for (Iterator at = begin; at != end; ++at) {
    uint8_t* place = rows.mutable_data_ptr<uint8_t>() + offset;
    if (!decoder.decode(**at, place)) {
      const at::Tensor from = (*at)->jpeg.empty() ? (*at)->rows : rows_of_jpeg(**at);
      rows.narrow(0, offset, from.numel()).copy_(from.view({-1}), /*non_blocking=*/true);
    }
    places.push_back(place);
    offset += bytes_of(**at);
  }
  return rows;
}

/// Resizes the pictures of a run to `y`, [pictures, 3, H, W].
void resize_run(Iterator begin, Iterator end, const Decoder& decoder, const at::Tensor& levels,
                const at::Tensor& y) {
  std::vector<const uint8_t*> places;
  const at::Tensor rows = start_rows(begin, end, decoder, places);
  std::vector<ops::ResizeWindow> windows;
  for (Iterator at = begin; at != end; ++at) windows.push_back((*at)->window);
  const auto shared =
      static_cast<int64_t>(at::cuda::getCurrentDeviceProperties()->sharedMemPerBlockOptin);
  const ops::cuda::ResizeTables tables(std::move(windows), (*begin)->steps.resample, shared);

  const at::Tensor host = devices::empty_pinned({static_cast<int64_t>(tables.bytes())}, at::kByte);
  const at::Tensor on_device =
      at::empty_like(host, host.options().device(at::kCUDA).pinned_memory(false));
  const auto* device = reinterpret_cast<const std::byte*>(on_device.const_data_ptr<uint8_t>());
  tables.write(reinterpret_cast<std::byte*>(host.mutable_data_ptr<uint8_t>()), device, places);
  on_device.copy_(host, /*non_blocking=*/true);
  ops::cuda::resize_pixels(tables.task(device, levels, y),
                           at::cuda::getCurrentCUDAStream().stream());
}

/// As GpuPreprocessor::pixel_values(), on a stream of its own.
at::Tensor pixel_values_on(const StagedPictures& pictures, int64_t begin, int64_t count,
                           c10::DeviceIndex device) {
  const c10::cuda::CUDAGuard on_device(device);
  const c10::cuda::CUDAStreamGuard on_stream(
      c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device));
  const Iterator first = pictures.begin() + begin;
  const Iterator last = first + count;
  std::vector<int64_t> shape = output_shape(**first);
  shape.insert(shape.begin(), count);
  const at::Tensor y = at::empty(shape, at::TensorOptions().dtype(at::kFloat).device(at::kCUDA));
  at::Tensor levels;
  const Decoder decoder;  // until the stream is through
  for (Iterator at = first; at != last;) {
    const int64_t index = at - first;
    if ((*at)->values.defined()) {
      y.narrow(0, index, 1).copy_((*at)->values, /*non_blocking=*/true);
      ++at;
      continue;
    }
    if (!levels.defined())
      levels =
          devices::to_device(ops::scaled_levels(ops::cuda::kRgb, (*at)->steps.scaling), device);
    const Iterator next = end_of_run(at, last);
    resize_run(at, next, decoder, levels, y.narrow(0, index, next - at));
    at = next;
  }
  devices::wait_for_current_stream();
  return y;
}

class Preprocessor final : public GpuPreprocessor {
 public:
  bool decodes_jpegs() const override { return gpu_jpeg_decoder() != nullptr; }

  at::Tensor pixel_values(const StagedPictures& pictures, int64_t begin, int64_t count,
                          int device) const override {
    devices::check_index(device);
    return pixel_values_on(pictures, begin, count, static_cast<c10::DeviceIndex>(device));
  }
};

}  // namespace
}  // namespace bigtransfer::pictures

extern "C" __attribute__((visibility("default"))) const bigtransfer::pictures::GpuPreprocessor*
bigtransfer_cuda_preprocessor() {
  static const auto* const preprocessor = new bigtransfer::pictures::Preprocessor;
  return preprocessor;
}

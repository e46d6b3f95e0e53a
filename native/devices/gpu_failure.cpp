// Not all that CUDA's libraries fail with has a type of its own in PyTorch: the words tell.
#include "devices/gpu_failure.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "common/error.h"

namespace bigtransfer::devices {
namespace {

/// CUDA's runtime for pinned memory, cuBLAS and cuDNN 8, cuDNN 9 (INTERNAL_ERROR_HOST_… and
/// …_DEVICE_ALLOCATION_FAILED); and PyTorch where each of cuDNN's kernels wanted more than there
/// was.
constexpr std::array<std::string_view, 4> kMemoryWords = {
    "out of memory", "ALLOC_FAILED", "ALLOCATION_FAILED", "unable to find an engine to execute"};

constexpr std::array<std::string_view, 5> kDeviceWords = {
    "CUDA error", "CUDA driver error", "cuDNN error", "CUBLAS_STATUS", "CUDNN_STATUS"};

template <size_t N>
bool says_any(const std::string& text, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(
      words, [&](std::string_view each) { return text.find(each) != std::string::npos; });
}

}  // namespace

std::optional<GpuFailure> gpu_failure() {
  try {
    throw;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kDevice) return GpuFailure::kDevice;
  } catch (const c10::OutOfMemoryError&) {
    return GpuFailure::kMemory;
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    if (says_any(text, kMemoryWords)) return GpuFailure::kMemory;
    if (says_any(text, kDeviceWords)) return GpuFailure::kDevice;
  } catch (...) {
    return std::nullopt;
  }
  return std::nullopt;
}

std::string failure_words() {
  std::string text;
  try {
    throw;
  } catch (const c10::Error& error) {
    text = error.what_without_backtrace();
  } catch (const std::exception& error) {
    text = error.what();
  } catch (...) {
    return {};
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace bigtransfer::devices

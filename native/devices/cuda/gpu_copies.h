// Copies between the CPU and a GPU that run on their own.
#pragma once

#include <ATen/ATen.h>

namespace bigtransfer::devices {

/// Memory on the CPU that the GPU reaches by itself; from the heap where such memory runs out. It
/// may be let go while a copy that was started by ATen still runs: the allocator waits for that.
at::Tensor empty_pinned(at::IntArrayRef shape, at::ScalarType type);

/// Starts a copy on the current stream, through pinned memory.
at::Tensor to_device(const at::Tensor& tensor, c10::DeviceIndex device);

/// Starts a copy of a GPU's contiguous tensor to pinned memory on the current stream. Both must be
/// held until it is through: the allocators do not hear of it, so that a result that is let go long
/// afterwards has nothing to do with the stream.
at::Tensor to_cpu(const at::Tensor& tensor);

/// Waits for all that was started on the current stream; the thread sleeps meanwhile.
void wait_for_current_stream();

}  // namespace bigtransfer::devices

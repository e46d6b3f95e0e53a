// Recorded runs on a card: what they give, and what is left behind when recording fails.
#include "runtime/cuda/graph_recording.h"

#include <ATen/cuda/CUDAContext.h>
#include <c10/core/InferenceMode.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>

#include <atomic>
#include <functional>
#include <thread>

#include "check.h"
#include "common/error.h"
#include "devices/cuda/gpu_memory.h"
#include "model/runs.h"

using namespace bigtransfer;
using runtime::GraphRecording;

namespace {

constexpr c10::DeviceIndex kDevice = 0;
constexpr int64_t kMegabyte = 1 << 20;

namespace allocator = c10::cuda::CUDACachingAllocator;

int64_t reserved() {
  return allocator::getDeviceStats(kDevice)
      .reserved_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
      .current;
}

at::Tensor on_card(int64_t count, float value) {
  return at::full({count}, value, at::TensorOptions().device(at::kCUDA).dtype(at::kFloat));
}

/// Twice the input and one, with a map on its way; calls `after` at the end of each run.
class FakeNetwork final : public runtime::DeviceNetwork {
 public:
  using After = std::function<void(int run)>;

  explicit FakeNetwork(After after = [](int) {}) : after_(std::move(after)) {}

  at::Tensor input_of(const at::Tensor& pixel_values) const override {
    return pixel_values.clone();
  }
  void write_input(const at::Tensor& pixel_values, at::Tensor& input) const override {
    input.copy_(pixel_values, /*non_blocking=*/true);
  }
  model::RunResult run(const at::Tensor& input, const model::Wanted&,
                       runtime::KernelChoice) const override {
    const at::Tensor map = input * 2;
    model::RunResult result;
    result.logits = map + 1;
    after_(runs_++);
    return result;
  }
  int64_t bytes() const override { return 0; }

 private:
  After after_;
  mutable int runs_ = 0;
};

/// A plan's two streams.
struct Streams {
  const c10::InferenceMode inference;
  devices::OwnStream compute{kDevice};
  devices::OwnStream capture{kDevice};
  c10::cuda::CUDAStreamGuard guard{compute.get()};
};

/// A network whose run with this number, from 0, fails at its end.
FakeNetwork failing_at(int number) {
  return FakeNetwork([number](int run) {
    if (run == number) throw Error(ErrorCode::kShape, "by arrangement");
  });
}

/// One that does what CUDA refuses while a stream captures, so that the recording is invalid.
FakeNetwork waiting_within() {
  return FakeNetwork([](int run) {
    if (run == 1) at::cuda::getCurrentCUDAStream().synchronize();
  });
}

GraphRecording record(const FakeNetwork& network, int64_t count, const Streams& streams) {
  return {network, on_card(count, 1), test::only_logits(), streams.capture};
}

void expect_replays(const Streams& streams) {
  const FakeNetwork network;
  GraphRecording recording = record(network, 1000, streams);
  for (const float value : {3.0F, 7.0F}) {
    const at::Tensor logits = recording.replay(on_card(1000, value)).logits.clone();
    EXPECT(logits.cpu().equal(at::full({1000}, 2 * value + 1)));
  }
}

}  // namespace

TEST("graph recording: a replay gives what its input gives") {
  const Streams streams;
  expect_replays(streams);
}

TEST("graph recording: its memory goes with it") {
  const Streams streams;
  devices::release_gpu_memory();
  const int64_t before = reserved();
  {
    const FakeNetwork network;
    const GraphRecording recording = record(network, 16 * kMegabyte, streams);
    // The map and the logits of 64 MB each.
    EXPECT(recording.bytes() >= 2 * 64 * kMegabyte);
  }
  devices::release_gpu_memory();
  EXPECT(reserved() == before);
}

TEST("graph recording: one that fails leaves nothing behind, and the next one works") {
  const Streams streams;
  devices::release_gpu_memory();
  const int64_t before = reserved();
  for (int round = 0; round < 20; ++round) {
    for (const int run : {0, 1}) {
      const FakeNetwork network = failing_at(run);
      EXPECT_THROWS(record(network, 4 * kMegabyte, streams), ErrorCode::kShape, "by arrangement");
    }
    bool is_refused = false;
    try {
      const FakeNetwork network = waiting_within();
      record(network, 4 * kMegabyte, streams);
    } catch (const c10::Error&) {
      is_refused = true;
    }
    EXPECT(is_refused);
  }
  // Blocks are used again: none of them waits for a capture to end.
  for (int block = 0; block < 1000; ++block) on_card(kMegabyte, 1);
  at::cuda::getCurrentCUDAStream().synchronize();
  devices::release_gpu_memory();
  EXPECT(reserved() == before);
  expect_replays(streams);
}

TEST("graph recording: on a card of one and a half times a run") {
  const Streams streams;
  devices::release_gpu_memory();
  // An input, a map and logits of 256 MB each; the recording keeps an input of its own.
  constexpr int64_t kCount = 64 * kMegabyte;
  const FakeNetwork network;
  const auto run_once = [&] {
    network.run(on_card(kCount, 1), test::only_logits(), runtime::KernelChoice::kByShape);
  };
  const double fraction =
      static_cast<double>(reserved() + 5 * 4 * kCount) /
      static_cast<double>(at::cuda::getDeviceProperties(kDevice)->totalGlobalMem);
  allocator::setMemoryFraction(fraction, kDevice);
  run_once();
  {
    GraphRecording recording = record(network, kCount, streams);
    EXPECT(recording.replay(on_card(kCount, 2)).logits[0].item<float>() == 5);
  }
  allocator::setMemoryFraction(1.0, kDevice);
}

TEST("graph recording: memory that other threads let go meanwhile") {
  const Streams streams;
  std::atomic<bool> stops = false;
  std::atomic<int> failures = 0;
  std::thread other([&] {
    const c10::InferenceMode inference;
    try {
      while (!stops) {
        const c10::cuda::CUDAStreamGuard guard(c10::cuda::getStreamFromPool(false, kDevice));
        const at::Tensor values = on_card(kMegabyte, 1);
        // As frameworks beside us do: the block's end is recorded on another stream.
        allocator::recordStream(values.storage().data_ptr(),
                                c10::cuda::getStreamFromPool(false, kDevice));
      }
    } catch (const std::exception&) {
      ++failures;
    }
  });
  for (int round = 0; round < 500; ++round) expect_replays(streams);
  stops = true;
  other.join();
  EXPECT(failures == 0);
}

TEST("own stream: no stream of PyTorch's, and cuBLAS's memory goes with it") {
  const c10::InferenceMode inference;
  const at::Tensor square = at::ones({256, 256}, at::TensorOptions().device(at::kCUDA));
  at::mm(square, square);
  devices::release_gpu_memory();
  const int64_t before = reserved();
  for (int round = 0; round < 20; ++round) {
    const devices::OwnStream stream(kDevice);
    for (int i = 0; i < 32; ++i)
      EXPECT(c10::cuda::getStreamFromPool(false, kDevice).stream() != stream.get().stream());
    const c10::cuda::CUDAStreamGuard guard(stream.get());
    at::mm(square, square);
    stream.get().synchronize();
  }
  devices::release_gpu_memory();
  EXPECT(reserved() == before);
}

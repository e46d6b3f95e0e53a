// A card to learn on: what is recorded there, and what is left behind.
#include "training/cuda/gpu_learning.h"

#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>

#include "check.h"
#include "common/error.h"
#include "devices/cuda/gpu_memory.h"
#include "training/small_learning.h"

using namespace bigtransfer;
using namespace bigtransfer::test;
using namespace bigtransfer::training;

namespace {

constexpr c10::DeviceIndex kDevice = 0;
constexpr int64_t kCount = 16 << 20;

int64_t reserved() {
  devices::release_gpu_memory();
  return c10::cuda::CUDACachingAllocator::getDeviceStats(kDevice)
      .reserved_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
      .current;
}

/// Twice `x` added to `sum`, by way of a map of their size.
Work doubling(const at::Tensor& x, const at::Tensor& sum) {
  return [=] { sum.add_(x * 2); };
}

}  // namespace

TEST("gpu learning: a replay reads what stands in its tensors by then, and writes in place") {
  const GpuLearning device(kDevice, false);
  at::Tensor sum;
  device.run([&] {
    const at::Tensor x = device.copy_of(at::ones({100}));
    sum = device.copy_of(at::zeros({100}));
    const Work work = doubling(x, sum);
    device.compute(work);
    const auto recorded = device.record(work);
    for (const float value : {3.0F, 10.0F}) {
      device.write(at::full({100}, value), x);
      recorded->replay();
    }
    device.wait();
  });
  device.run([&] { EXPECT(sum.cpu().equal(at::full({100}, 2.0F + 6.0F + 20.0F))); });
}

TEST("gpu learning: recordings share their memory, and it goes with the last of them") {
  const GpuLearning device(kDevice, false);
  const int64_t before = reserved();
  device.run([&] {
    const at::Tensor x = device.copy_of(at::ones({kCount}));
    const at::Tensor sum = at::zeros_like(x);
    const Work work = doubling(x, sum);
    device.compute(work);
    auto first = device.record(work);
    EXPECT(first->bytes() >= kCount * 4);
    auto second = device.record(work);
    EXPECT(second->bytes() < kCount * 4);
    first.reset();
    second->replay();
    device.wait();
    EXPECT(sum[0].item<float>() == 4);
  });
  EXPECT(reserved() == before);
}

TEST("gpu learning: one that fails leaves nothing behind, and the next one works") {
  const GpuLearning device(kDevice, false);
  const int64_t before = reserved();
  device.run([&] {
    const at::Tensor x = device.copy_of(at::ones({kCount}));
    const at::Tensor sum = at::zeros_like(x);
    const Work work = doubling(x, sum);
    device.compute(work);
    for (int round = 0; round < 5; ++round) {
      const Work failing = [&] {
        work();
        throw Error(ErrorCode::kShape, "by arrangement");
      };
      EXPECT_THROWS(device.record(failing), ErrorCode::kShape, "by arrangement");
    }
    device.record(work)->replay();
    device.wait();
    EXPECT(sum[0].item<float>() == 4);
  });
  EXPECT(reserved() == before);
}

TEST("gpu learning: a whole micro-batch on its way back is recorded") {
  const GpuLearning device(kDevice, false);
  constexpr auto kProblem = model::ProblemType::kSingleLabel;
  const model::Topology topology = model::make_topology(learning_spec(), "bit.");
  const Graph on_cpu = learning_graph();
  const StepInputs inputs = step_inputs(numbered_batch(1, 4, true), on_cpu, kProblem);
  for (int round = 0; round < 3; ++round) add_gradients(on_cpu, inputs, kProblem);
  device.run([&] {
    const model::Weights weights(model::parameters(topology), 5);
    const Graph graph(topology, weights, at::kFloat, false, device.device());
    StepInputs there;
    there.for_each_beside(inputs, [&](const at::Tensor& given, at::Tensor& own) {
      if (given.defined()) own = device.copy_of(given);
    });
    const Work work = [&] { add_gradients(graph, there, kProblem); };
    device.compute(work);
    const auto recorded = device.record(work);
    for (int round = 0; round < 2; ++round) recorded->replay();
    device.wait();
    for (size_t i = 0; i < graph.parameters().size(); ++i) {
      const at::Tensor expected = on_cpu.parameters()[i].value.grad();
      const at::Tensor found = graph.parameters()[i].value.grad();
      EXPECT(found.defined() == expected.defined());
      if (found.defined()) EXPECT(at::allclose(found.cpu(), expected, 1e-3, 1e-4));
    }
  });
}

TEST("gpu learning: settings of the process are as they were") {
  const GpuLearning device(kDevice, false);
  at::globalContext().setAllowTF32CuDNN(true);
  const bool by_trial = at::globalContext().benchmarkCuDNN();
  device.compute([&] { EXPECT(!at::globalContext().allowTF32CuDNN()); });
  EXPECT(at::globalContext().allowTF32CuDNN());
  EXPECT(at::globalContext().benchmarkCuDNN() == by_trial);
}

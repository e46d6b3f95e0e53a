// A model on GPUs that are none: a backend of the CPU, whose cards can be small or broken.
#include "runtime/gpu_engine.h"

#include <c10/core/InferenceMode.h>

#include <mutex>
#include <set>
#include <thread>

#include "check.h"
#include "common/error.h"
#include "devices/problems.h"
#include "fake_plan.h"
#include "model/parameters.h"
#include "model/small_spec.h"

using namespace bigtransfer;
using namespace bigtransfer::runtime;
using namespace bigtransfer::test;

namespace {

struct State {
  /// Images that a card takes at once.
  int64_t most = 100;
  std::set<int> broken = {};
  std::atomic<int> alive = 0;
  std::atomic<int> released = 0;
};

class FakePlan final : public model::Plan {
 public:
  FakePlan(State& state, int device) : state_(state), device_(device) { ++state_.alive; }
  ~FakePlan() override { --state_.alive; }

  model::RunResult run(const model::RunInput& input, const model::Wanted&,
                       const model::RunControl&) const override {
    if (state_.broken.contains(device_)) fail_on_device();
    if (input.images() > state_.most) run_out_of_memory();
    return sums_of(input.whole());
  }
  int64_t bytes() const override { return 0; }

 private:
  State& state_;
  int device_;
};

/// Cards, plans and pictures in one.
class FakeBackend final : public devices::CudaDevices,
                          public GpuPlans,
                          public pictures::GpuPreprocessor {
 public:
  std::vector<devices::CudaDevice> all() const override { return {}; }
  int64_t free_memory(int) const override { return 0; }
  std::unique_ptr<const model::Plan> make_plan(const model::Topology&, const model::Weights&,
                                               const GpuPlanRequest& request) const override {
    return std::make_unique<FakePlan>(state, request.device);
  }
  bool decodes_jpegs() const override { return false; }
  at::Tensor allocate_rows(at::IntArrayRef shape) const override {
    return at::empty(shape, at::kByte);
  }
  at::Tensor pixel_values(const pictures::StagedPictures& pictures, int64_t begin, int64_t count,
                          int) const override {
    std::vector<at::Tensor> values;
    for (int64_t i = begin; i < begin + count; ++i)
      values.push_back(pictures.at(static_cast<size_t>(i))->values);
    return at::cat(values);
  }
  void release_memory() const override { ++state.released; }

  mutable State state;
};

/// Devices far beyond any machine's, since what fails is remembered for the whole process.
constexpr int kFirst = 1000;

std::unique_ptr<GpuEngine> make_model(const FakeBackend& backend, int cards) {
  const model::Topology topology = model::make_topology(small_spec(), "bit.");
  const model::Weights weights(model::parameters(topology), 1);
  std::vector<int> devices;
  for (int i = 0; i < cards; ++i) devices.push_back(kFirst + i);
  return std::make_unique<GpuEngine>(Gpus{backend, backend, backend}, topology, weights,
                                     GpuEngineRequest{at::kFloat, true, devices});
}

model::RunResult run(const GpuEngine& gpus, const at::Tensor& images) {
  const c10::InferenceMode guard;
  return gpus.run({{{images}}, {}}, sums_wanted(), unwatched());
}

model::RunResult run(const GpuEngine& gpus, const pictures::StagedPictures& pictures) {
  const c10::InferenceMode guard;
  return gpus.run({{}, pictures}, sums_wanted(), unwatched());
}

pictures::StagedPictures staged(const at::Tensor& images) {
  pictures::StagedPictures pictures;
  for (int64_t i = 0; i < images.size(0); ++i) {
    pictures.push_back(std::make_shared<const pictures::StagedPicture>(
        pictures::StagedPicture{{}, {}, {}, images.narrow(0, i, 1), {}}));
  }
  return pictures;
}

}  // namespace

TEST("gpu engine: a replica on each card, all of which go when it goes") {
  const FakeBackend backend;
  auto gpus = make_model(backend, 3);
  EXPECT(backend.state.alive == 3);
  EXPECT(is_complete(run(*gpus, numbered_images(8)), 8));
  gpus.reset();
  EXPECT(backend.state.alive == 0);
  EXPECT(backend.state.released == 1);
}

TEST("gpu engine: pictures are prepared share by share") {
  const FakeBackend backend;
  const auto gpus = make_model(backend, 2);
  EXPECT(is_complete(run(*gpus, staged(numbered_images(5))), 5));
}

TEST("gpu engine: gathered batches are powers of two on each card") {
  const FakeBackend backend;
  const auto one = make_model(backend, 1);
  for (const auto& [waiting, best] : {std::pair{1, 1}, {2, 2}, {3, 2}, {7, 4}, {8, 8}, {100, 64}})
    EXPECT(one->best_batch(waiting) == best);
  const auto three = make_model(backend, 3);
  for (const auto& [waiting, best] : {std::pair{1, 1}, {2, 2}, {3, 3}, {5, 3}, {6, 6}, {32, 24}})
    EXPECT(three->best_batch(waiting) == best);
}

TEST("gpu engine: small cards take their shares by halves") {
  FakeBackend backend;
  backend.state.most = 2;
  const auto gpus = make_model(backend, 2);
  EXPECT(is_complete(run(*gpus, numbered_images(12)), 12));
  EXPECT(backend.state.released > 0);
  backend.state.most = 0;
  EXPECT_THROWS(run(*gpus, numbered_images(3)), ErrorCode::kOutOfMemory, "one image");
  EXPECT(gpus->take_warnings().empty());
}

TEST("gpu engine: a broken card is named once, to the caller and in the device's own entry") {
  FakeBackend backend;
  const auto gpus = make_model(backend, 2);
  backend.state.broken = {kFirst + 1};
  EXPECT(devices::problem_of(kFirst + 1).empty());
  EXPECT(is_complete(run(*gpus, numbered_images(6)), 6));
  const std::vector<std::string> warnings = gpus->take_warnings();
  EXPECT(warnings.size() == 1);
  EXPECT(warnings.front().starts_with("cuda:1001 failed and is left out from now on: CUDA error"));
  EXPECT(devices::problem_of(kFirst + 1).starts_with("CUDA error"));
  EXPECT(is_complete(run(*gpus, numbered_images(6)), 6));
  EXPECT(gpus->take_warnings().empty());
}

TEST("gpu engine: cards that fail under several callers are each told of once") {
  FakeBackend backend;
  constexpr int kCards = 4;
  const auto gpus = make_model(backend, kCards);
  backend.state.broken = {kFirst + 1, kFirst + 2, kFirst + 3};
  std::mutex mutex;
  std::vector<std::string> warnings;
  const auto call = [&] {
    for (int i = 0; i < 10; ++i) {
      const bool complete = is_complete(run(*gpus, numbered_images(kCards)), kCards);
      std::vector<std::string> told = gpus->take_warnings();
      const std::lock_guard lock(mutex);
      if (!complete) warnings.emplace_back("incomplete");
      warnings.insert(warnings.end(), told.begin(), told.end());
    }
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) callers.emplace_back(call);
  for (std::thread& each : callers) each.join();
  EXPECT(warnings.size() == kCards - 1);
  for (const std::string& each : warnings) EXPECT(each.starts_with("cuda:100"));
}

TEST("gpu engine: input that does not fit the network") {
  const FakeBackend backend;
  const auto gpus = make_model(backend, 2);
  EXPECT_THROWS(run(*gpus, at::zeros({0, 3, 2, 2})), ErrorCode::kShape, "none of them 0");
  EXPECT_THROWS(run(*gpus, at::zeros({1, 4, 2, 2})), ErrorCode::kShape, "[N, 3, H, W]");
  EXPECT_THROWS(run(*gpus, staged(at::zeros({2, 4, 2, 2}))), ErrorCode::kShape, "4");
  model::LayerClock clock;
  model::RunControl timed = unwatched();
  timed.clock = &clock;
  const CallImages images{{{numbered_images(2)}}, {}};
  EXPECT_THROWS(gpus->run(images, sums_wanted(), timed), ErrorCode::kDevice, "cuda:N");
  pictures::StagedPictures mixed = staged(at::zeros({1, 3, 2, 2}));
  mixed.push_back(staged(at::zeros({1, 3, 2, 5})).front());
  EXPECT_THROWS(run(*gpus, mixed), ErrorCode::kShape, "several sizes");
}

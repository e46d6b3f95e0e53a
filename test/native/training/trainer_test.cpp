// A trainer on a device that is none, beside one on the CPU.
#include "training/trainer.h"

#include <algorithm>
#include <filesystem>

#include "check.h"
#include "checkpoint/checkpoint.h"
#include "common/error.h"
#include "fake_device.h"
#include "small_learning.h"

using namespace bigtransfer;
using namespace bigtransfer::test;
using namespace bigtransfer::training;

namespace {

TrainerRequest request() {
  return {.spec = learning_spec(),
          .prefix = "bit.",
          .source = {.files = {}, .allowed = {}, .seed = 3},
          .optimizer_file = "",
          .zero_head = true,
          .place = {"cpu", "float32", true},
          .recompute = false,
          .problem = model::ProblemType::kSingleLabel,
          .rates = {.momentum = 0.9, .weight_decay = 0.01}};
}

std::unique_ptr<Trainer> on_device(DeviceLog& log, const TrainerRequest& asked = request()) {
  LearningPlace place{std::make_unique<FakeDevice>(log), "cuda:0", {"float32", at::kFloat}};
  return std::make_unique<Trainer>(asked, std::move(place));
}

/// Steps of two micro-batches each.
std::vector<double> learn(Trainer& trainer, int64_t from, int64_t to) {
  std::vector<double> losses;
  for (int64_t step = from; step < to; ++step) {
    for (const int64_t part : {0, 1})
      losses.push_back(trainer.accumulate(numbered_batch(2 * step + part, 3, true)));
    trainer.step(0.05);
  }
  return losses;
}

/// A file that goes with it.
struct File {
  File() : path(std::filesystem::temp_directory_path() / ("trainer-" + std::to_string(count++))) {
    std::filesystem::remove(path);
  }
  ~File() { std::filesystem::remove(path); }
  std::filesystem::path path;
  static inline int count = 0;
};

std::vector<at::Tensor> saved(const Trainer& trainer) {
  const File weights;
  const File velocities;
  trainer.save(weights.path);
  trainer.save_optimizer(velocities.path);
  std::vector<at::Tensor> all;
  for (const File* file : {&weights, &velocities}) {
    const auto checkpoint = checkpoint::Checkpoint::open({file->path});
    for (const auto& each : checkpoint.tensors())
      all.push_back(checkpoint.tensor(each.name).clone());
  }
  return all;
}

bool are_near(const std::vector<at::Tensor>& one, const std::vector<at::Tensor>& two) {
  return !one.empty() &&
         std::ranges::equal(one, two, [](const at::Tensor& left, const at::Tensor& right) {
           return at::allclose(left, right, 1e-4, 1e-5);
         });
}

bool are_near(const std::vector<double>& one, const std::vector<double>& two) {
  return std::ranges::equal(
      one, two, [](double left, double right) { return std::abs(left - right) < 1e-5; });
}

}  // namespace

TEST("trainer: on a device the same steps as on the CPU, replayed from the third on") {
  DeviceLog log;
  const auto there = on_device(log);
  Trainer here(request());
  EXPECT(there->device() == "cuda:0" && here.device() == "cpu" && here.dtype() == "float32");
  EXPECT(there->bytes() == here.bytes());
  EXPECT(are_near(learn(*there, 0, 5), learn(here, 0, 5)));
  EXPECT(log.computed == 2 && log.recorded == 1 && log.replayed == 8);
  EXPECT(are_near(saved(*there), saved(here)));
}

TEST("trainer: what was added up is forgotten on a device too") {
  DeviceLog log;
  const auto there = on_device(log);
  const auto other = on_device(log);
  for (int64_t number = 0; number < 3; ++number) {
    there->accumulate(numbered_batch(number, 3, true));
    there->forget();
  }
  EXPECT(are_near(learn(*there, 1, 3), learn(*other, 1, 3)));
  EXPECT(are_near(saved(*there), saved(*other)));
}

TEST("trainer: a run goes on from files of the other place") {
  DeviceLog log;
  const auto there = on_device(log);
  learn(*there, 0, 2);
  const File weights;
  const File velocities;
  there->save(weights.path);
  there->save_optimizer(velocities.path);
  TrainerRequest next = request();
  next.zero_head = false;
  next.source.files = {weights.path};
  next.optimizer_file = velocities.path;
  Trainer here(next);
  const auto back = on_device(log, next);
  const std::vector<double> expected = learn(*there, 2, 4);
  EXPECT(are_near(learn(here, 2, 4), expected));
  EXPECT(are_near(learn(*back, 2, 4), expected));
  EXPECT(are_near(saved(here), saved(*there)));
}

TEST("trainer: memory that runs out says what helps, and recordings are given up for it") {
  DeviceLog log;
  const auto trainer = on_device(log);
  learn(*trainer, 0, 2);
  EXPECT(log.alive == 1);
  log.before = run_out_of_memory;
  EXPECT_THROWS(trainer->accumulate(numbered_batch(9, 2, false)), ErrorCode::kOutOfMemory,
                "batchSplit");
  EXPECT(log.alive == 0 && log.released == 1);
  trainer->forget();
  log.before = [] {};
  const int replayed = log.replayed;
  learn(*trainer, 2, 4);
  EXPECT(log.replayed == replayed && log.recorded == 1);
}

TEST("trainer: its memory is given back with it, and where it does not come to be") {
  DeviceLog log;
  {
    const auto trainer = on_device(log);
    learn(*trainer, 0, 2);
    EXPECT(log.alive == 1 && log.released == 0);
  }
  EXPECT(log.alive == 0 && log.released == 1);
  TrainerRequest wrong = request();
  wrong.optimizer_file = "nowhere.safetensors";
  EXPECT_THROWS(on_device(log, wrong), ErrorCode::kCheckpoint, "nowhere.safetensors");
  EXPECT(log.released == 2);
}

TEST("trainer: a device that fails says why") {
  DeviceLog log;
  const auto trainer = on_device(log);
  log.before = fail_on_device;
  EXPECT_THROWS(trainer->accumulate(numbered_batch(1, 2, false)), ErrorCode::kDevice,
                "an illegal memory access was encountered");
}

TEST("trainer: labels that do not fit are refused before they reach a device") {
  DeviceLog log;
  const auto trainer = on_device(log);
  MicroBatch batch = numbered_batch(1, 2, false);
  batch.labels = at::tensor({1, 5}, at::kLong);
  EXPECT_THROWS(trainer->accumulate(batch), ErrorCode::kShape, "Label 5 at index 1");
  EXPECT(log.computed == 0);
}

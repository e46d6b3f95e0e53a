// The queue of a model: who runs with whom, in what order, and how calls end.
#include "runtime/batcher.h"

#include <c10/core/InferenceMode.h>

#include <condition_variable>
#include <future>
#include <random>
#include <thread>

#include "check.h"
#include "common/error.h"
#include "model/runs.h"
#include "runtime/run_calls.h"

using namespace bigtransfer;
using namespace bigtransfer::runtime;

namespace {

/// Answers each image with the sum of its pixels, once it is let.
class SumEngine final : public Engine {
 public:
  model::RunResult run(const CallImages& given, const model::Wanted&,
                       const model::RunControl& control) const override {
    std::vector<at::Tensor> values = given.pixel_values.parts;
    for (const auto& picture : given.pictures) values.push_back(picture->values);
    const at::Tensor images = at::cat(values);
    std::unique_lock lock(mutex_);
    batches.push_back(images.size(0));
    open_.wait(lock, [this] { return is_open; });
    lock.unlock();
    control.between();
    model::RunResult result;
    result.logits = images.sum({1, 2, 3}).unsqueeze(1);
    return result;
  }
  bool gathers() const override { return can_gather; }
  int64_t best_batch(int64_t waiting) const override { return std::min(waiting, best); }
  int64_t bytes() const override { return 0; }

  void open() {
    const std::lock_guard lock(mutex_);
    is_open = true;
    open_.notify_all();
  }
  size_t begun() const {
    const std::lock_guard lock(mutex_);
    return batches.size();
  }

  bool can_gather = true;
  int64_t best = 1000;
  mutable std::vector<int64_t> batches;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable open_;
  bool is_open = false;
};

ForwardRequest request(float value, int priority, int64_t side) {
  const c10::InferenceMode guard;
  return {.images = {{{at::full({1, 1, side, side}, value)}}, {}},
          .wanted = test::only_logits(),
          .labels = {},
          .problem = {},
          .profile = false,
          .priority = priority};
}

using Answer = std::shared_future<std::optional<float>>;

/// A call and its sum; nothing for one that ended otherwise.
struct Sent {
  CancelToken token;
  std::shared_ptr<Batcher::Call> call;
  Answer answer;
};

Sent send(
    Batcher& batcher, ForwardRequest request,
    const std::function<at::Tensor(const at::Tensor&)>& value = [](const at::Tensor& sums) {
      return sums;
    }) {
  auto promise = std::make_shared<std::promise<std::optional<float>>>();
  Sent sent{{}, {}, promise->get_future().share()};
  sent.call = batcher.submit(
      std::move(request), sent.token, nullptr, [promise, value](const Outcome& outcome) {
        const auto* result = std::get_if<ForwardResult>(&outcome);
        promise->set_value(result ? std::optional(value(result->run.logits).item<float>())
                                  : std::nullopt);
      });
  return sent;
}

/// A call of several images and the sum of them all.
Sent send_batch(Batcher& batcher, ForwardRequest request) {
  return send(batcher, std::move(request), [](const at::Tensor& sums) { return sums.sum(); });
}

Sent send(Batcher& batcher, float value, int priority = 0, int64_t side = 2) {
  return send(batcher, request(value, priority, side));
}

/// A picture of so many pixels on a side, as it is staged.
Sent send_picture(Batcher& batcher, float value, int64_t side) {
  const c10::InferenceMode guard;
  pictures::StagedPicture picture{};
  picture.values = at::full({1, 1, side, side}, value);
  ForwardRequest call = request(0, 0, side);
  call.images.pixel_values.parts.clear();
  call.images.pictures.push_back(
      std::make_shared<const pictures::StagedPicture>(std::move(picture)));
  return send(batcher, std::move(call));
}

std::shared_ptr<Batcher> make(const SumEngine& engine, BatchLimits limits) {
  Executor::instance().configure(2);  // as the executor's tests need it, whoever comes first
  return std::make_shared<Batcher>(engine, limits, /*width=*/0);
}

/// A call that runs until the engine is opened.
Sent occupy(const SumEngine& engine, Batcher& batcher) {
  Sent first = send(batcher, 0);
  while (engine.begun() == 0) std::this_thread::yield();
  return first;
}

constexpr std::chrono::microseconds kNoDelay{0};

}  // namespace

TEST("batcher: calls that wait go together, alike ones only, each with its own answer") {
  SumEngine engine;
  const auto batcher = make(engine, {4, kNoDelay, 0});
  const Sent first = occupy(engine, *batcher);
  std::vector<Sent> sent;
  for (int i = 1; i <= 6; ++i) sent.push_back(send(*batcher, static_cast<float>(i)));
  const Sent other = send(*batcher, 1, 0, 3);
  EXPECT(batcher->waiting() == 7);
  engine.open();
  for (int i = 1; i <= 6; ++i)
    EXPECT(sent[static_cast<size_t>(i - 1)].answer.get() == static_cast<float>(4 * i));
  EXPECT(other.answer.get() == 9.0F);
  EXPECT(first.answer.get() == 0.0F);
  EXPECT((engine.batches == std::vector<int64_t>{1, 4, 2, 1}));
}

TEST("batcher: calls are told of their batch, and one of them is the first") {
  SumEngine engine;
  const auto batcher = make(engine, {4, kNoDelay, 0});
  const Sent first = occupy(engine, *batcher);
  std::mutex mutex;
  std::vector<CallTimes> times;
  std::vector<std::future<void>> ends;
  const CancelToken token;
  for (int i = 0; i < 3; ++i) {
    auto ended = std::make_shared<std::promise<void>>();
    ends.push_back(ended->get_future());
    batcher->submit(request(1, 0, 2), token, nullptr, [&, ended](const Outcome& outcome) {
      {
        const std::lock_guard lock(mutex);
        times.push_back(std::get<ForwardResult>(outcome).times);
      }
      ended->set_value();
    });
  }
  engine.open();
  for (std::future<void>& each : ends) each.get();
  EXPECT(first.answer.get().has_value());
  EXPECT(times.size() == 3);
  EXPECT(std::ranges::count_if(times, &CallTimes::first) == 1);
  for (const CallTimes& each : times) {
    EXPECT(each.batch_calls == 3 && each.batch_images == 3);
    EXPECT(each.queued_ms > 0 && each.computed_ms >= 0);
  }
}

TEST("batcher: pictures go with pictures of their size, and not with pixel values") {
  SumEngine engine;
  const auto batcher = make(engine, {4, kNoDelay, 0});
  const Sent first = occupy(engine, *batcher);
  const Sent a = send_picture(*batcher, 1, 2);
  const Sent values = send(*batcher, 2);
  const Sent larger = send_picture(*batcher, 3, 3);
  const Sent b = send_picture(*batcher, 4, 2);
  engine.open();
  EXPECT(a.answer.get() == 4.0F);
  EXPECT(b.answer.get() == 16.0F);
  EXPECT(values.answer.get() == 8.0F);
  EXPECT(larger.answer.get() == 27.0F);
  EXPECT((engine.batches == std::vector<int64_t>{1, 2, 1, 1}));
}

TEST("batcher: tells how many calls wait and how many run") {
  SumEngine engine;
  const auto batcher = make(engine, {2, kNoDelay, 0});
  const Sent first = occupy(engine, *batcher);
  std::vector<Sent> sent;
  for (int i = 0; i < 3; ++i) sent.push_back(send(*batcher, 1));
  EXPECT(batcher->waiting() == 3 && batcher->running() == 1);
  engine.open();
  EXPECT(first.answer.get().has_value());
  for (const Sent& each : sent) EXPECT(each.answer.get().has_value());
  // Each was counted off before it was answered.
  EXPECT(batcher->waiting() == 0 && batcher->running() == 0);
}

TEST("batcher: a full queue refuses, and takes calls again when there is room") {
  SumEngine engine;
  const auto batcher = make(engine, {4, kNoDelay, 2});
  const Sent first = occupy(engine, *batcher);
  Sent a = send(*batcher, 1);
  const Sent b = send(*batcher, 2);
  EXPECT_THROWS(send(*batcher, 3), ErrorCode::kOverloaded, "queue is full");
  EXPECT_THROWS(batcher->expect_room(), ErrorCode::kOverloaded, "as many calls wait as may (2)");
  a.token.cancel();
  batcher->withdraw(a.call);
  EXPECT(a.answer.get() == std::nullopt);
  const Sent c = send(*batcher, 3);
  engine.open();
  EXPECT(b.answer.get() == 8.0F);
  EXPECT(c.answer.get() == 12.0F);
  EXPECT(batcher->counts().rejected == 2);
  EXPECT(batcher->counts().cancelled == 1);
}

TEST("batcher: a call waits for others as long as it may") {
  SumEngine engine;
  engine.open();
  const auto batcher = make(engine, {3, std::chrono::seconds(30), 0});
  const Sent a = send(*batcher, 1);
  const Sent b = send(*batcher, 2);
  EXPECT(engine.begun() == 0);
  const Sent c = send(*batcher, 3);
  EXPECT(a.answer.get() == 4.0F);
  EXPECT(b.answer.get() == 8.0F);
  EXPECT(c.answer.get() == 12.0F);
  const auto brief = make(engine, {3, std::chrono::milliseconds(5), 0});
  EXPECT(send(*brief, 4).answer.get() == 16.0F);
  EXPECT((engine.batches == std::vector<int64_t>{3, 1}));
}

TEST("batcher: calls of several images go together up to the batch's images") {
  SumEngine engine;
  const auto batcher = make(engine, {8, kNoDelay, 0});
  const Sent first = occupy(engine, *batcher);
  std::vector<Sent> sent;
  for (int i = 0; i < 4; ++i) {
    ForwardRequest call = request(1, 0, 2);
    at::Tensor& image = call.images.pixel_values.parts.front();
    image = image.expand({3, 1, 2, 2}).contiguous();
    sent.push_back(send_batch(*batcher, std::move(call)));
  }
  engine.open();
  for (const Sent& each : sent) EXPECT(each.answer.get() == 12.0F);
  EXPECT((engine.batches == std::vector<int64_t>{1, 6, 6}));
}

TEST("batcher: batches are of the size that the engine likes best of what waits") {
  SumEngine engine;
  engine.best = 4;
  const auto batcher = make(engine, {8, kNoDelay, 0});
  const Sent first = occupy(engine, *batcher);
  std::vector<Sent> sent;
  for (int i = 1; i <= 7; ++i) sent.push_back(send(*batcher, static_cast<float>(i)));
  engine.open();
  for (int i = 1; i <= 7; ++i)
    EXPECT(sent[static_cast<size_t>(i - 1)].answer.get() == static_cast<float>(4 * i));
  EXPECT((engine.batches == std::vector<int64_t>{1, 4, 3}));
}

TEST("batcher: a full batch waits for nothing, on narrow threads too") {
  SumEngine engine;
  engine.open();
  Executor::instance().configure(2);
  const BatchLimits limits{8, std::chrono::seconds(30), 0};
  const auto batcher = std::make_shared<Batcher>(engine, limits, /*width=*/1);
  std::vector<Sent> sent;
  for (int i = 0; i < 8; ++i) sent.push_back(send(*batcher, 1));
  for (const Sent& each : sent) EXPECT(each.answer.get() == 4.0F);
}

TEST("batcher: what waits is shared out among narrow batches that can run side by side") {
  SumEngine engine;
  Executor::instance().configure(2);
  const auto batcher = std::make_shared<Batcher>(engine, BatchLimits{8, kNoDelay, 0}, /*width=*/1);
  std::vector<Sent> sent;
  sent.push_back(send(*batcher, 0));
  sent.push_back(send(*batcher, 0));
  while (engine.begun() < 2) std::this_thread::yield();
  for (int i = 0; i < 4; ++i) sent.push_back(send(*batcher, 1));
  engine.open();
  for (const Sent& each : sent) EXPECT(each.answer.get().has_value());
  std::ranges::sort(engine.batches);
  // Two of four, so that the other thread has some too, and likewise of the two that are left.
  EXPECT((engine.batches == std::vector<int64_t>{1, 1, 1, 1, 2}));
}

TEST("batcher: nobody waits for company that cannot come") {
  SumEngine engine;
  engine.open();
  const BatchLimits limits{8, std::chrono::seconds(30), 0};
  const auto batcher = make(engine, limits);
  ForwardRequest timed = request(1, 0, 2);
  timed.profile = true;
  EXPECT(send(*batcher, std::move(timed)).answer.get() == 4.0F);
  const Sent waiting = send(*batcher, 2);
  batcher->hurry();
  EXPECT(waiting.answer.get() == 8.0F);
  const auto narrow = make(engine, {8, std::chrono::seconds(30), 1});
  EXPECT(send(*narrow, 2).answer.get() == 8.0F);
  SumEngine alone;
  alone.open();
  alone.can_gather = false;
  EXPECT(send(*make(alone, limits), 3).answer.get() == 12.0F);
}

TEST("batcher: a call that may wait keeps its place among those of other models") {
  SumEngine engine;
  const auto busy = make(engine, {1, kNoDelay, 0});
  const Sent first = occupy(engine, *busy);
  SumEngine other;
  const auto patient = make(other, {8, std::chrono::milliseconds(5), 0});
  const Sent early = send(*patient, 1);
  std::vector<Sent> later;
  for (int i = 0; i < 3; ++i) later.push_back(send(*busy, 1));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  engine.open();
  while (other.begun() == 0) std::this_thread::yield();
  EXPECT(engine.begun() == 1);
  other.open();
  EXPECT(early.answer.get() == 4.0F);
  for (const Sent& each : later) EXPECT(each.answer.get() == 4.0F);
}

TEST("batcher: threads that call and cancel at random leave nothing behind") {
  SumEngine engine;
  engine.open();
  const auto batcher = make(engine, {4, std::chrono::microseconds(50), 20});
  std::atomic<int> wrong = 0;
  std::atomic<int> ended = 0;
  std::vector<std::thread> callers;
  for (unsigned seed = 0; seed < 4; ++seed) {
    callers.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 300; ++i) {
        try {
          const auto value = static_cast<float>(random() % 100);
          Sent sent = send(*batcher, value, static_cast<int>(random() % 3));
          const bool cancels = random() % 3 == 0;
          if (cancels) {
            sent.token.cancel();
            batcher->withdraw(sent.call);
          }
          if (random() % 2 == 0 || cancels) {
            const std::optional<float> answer = sent.answer.get();
            if (answer ? *answer != 4 * value : !cancels) ++wrong;
          }
          ++ended;
        } catch (const Error& error) {
          if (error.code() != ErrorCode::kOverloaded) ++wrong;
          ++ended;
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  while (batcher->waiting() + batcher->running() > 0) std::this_thread::yield();
  EXPECT(wrong == 0);
  EXPECT(ended == 1200);
  const CallCounts counts = batcher->counts();
  EXPECT(counts.completed + counts.cancelled + counts.rejected == 1200);
  EXPECT(counts.failed == 0);
}

// Sharing out among GPUs, some of which fail.
#include "runtime/replicas.h"

#include <mutex>
#include <set>

#include "check.h"
#include "common/error.h"
#include "fake_plan.h"
#include "runtime/cancel.h"

using namespace bigtransfer;
using namespace bigtransfer::test;
using runtime::Replicas;
using runtime::Share;

namespace {

/// Cards of which some fail at every call, and what they were given.
struct Cards {
  explicit Cards(size_t count, std::set<size_t> failing = {})
      : bad(std::move(failing)), replicas(count, [this](size_t card, const std::string& why) {
          failures.emplace_back(card, why);
        }) {}

  model::RunResult run(int64_t images) {
    const at::Tensor all = numbered_images(images);
    return replicas.run(images, [&](size_t card, const Share& share) {
      {
        const std::lock_guard lock(mutex);
        shares.emplace_back(card, share.count);
      }
      if (bad.contains(card)) fail_on_device();
      return sums_of(all.narrow(0, share.begin, share.count));
    });
  }

  std::set<size_t> used() const {
    std::set<size_t> cards;
    for (const auto& [card, count] : shares) cards.insert(card);
    return cards;
  }

  std::mutex mutex;
  std::set<size_t> bad;
  std::vector<std::pair<size_t, int64_t>> shares;
  std::vector<std::pair<size_t, std::string>> failures;
  Replicas replicas;
};

}  // namespace

TEST("replicas: a batch is shared out evenly, and comes back in order") {
  Cards cards(3);
  EXPECT(is_complete(cards.run(11), 11));
  EXPECT(cards.used() == std::set<size_t>({0, 1, 2}));
  for (const auto& [card, count] : cards.shares) EXPECT(count == 3 || count == 4);
}

TEST("replicas: single images take turns") {
  Cards cards(3);
  for (int i = 0; i < 3; ++i) EXPECT(is_complete(cards.run(1), 1));
  EXPECT(cards.used() == std::set<size_t>({0, 1, 2}));
}

TEST("replicas: what a failing one leaves is done by the others, and it is told once") {
  Cards cards(3, {1});
  EXPECT(is_complete(cards.run(10), 10));
  EXPECT(cards.failures.size() == 1);
  EXPECT(cards.failures.front().first == 1);
  EXPECT(cards.failures.front().second == "CUDA error: an illegal memory access was encountered");
  cards.shares.clear();
  EXPECT(is_complete(cards.run(10), 10));
  EXPECT(cards.used() == std::set<size_t>({0, 2}));
  EXPECT(cards.failures.size() == 1);
}

TEST("replicas: several failures, one after the other") {
  Cards cards(4, {0, 2});
  EXPECT(is_complete(cards.run(4), 4));
  cards.bad.insert(3);
  EXPECT(is_complete(cards.run(9), 9));
  EXPECT(cards.failures.size() == 3);
}

TEST("replicas: none left") {
  Cards cards(2, {0, 1});
  EXPECT_THROWS(cards.run(4), ErrorCode::kDevice, "illegal memory access");
  cards.bad.clear();
  EXPECT_THROWS(cards.run(4), ErrorCode::kDevice, "All GPUs of this model have failed");
}

TEST("replicas: memory that ran out fails no card") {
  Cards cards(2);
  bool is_plain = false;
  try {
    cards.replicas.run(2, [](size_t, const Share&) -> model::RunResult {
      TORCH_CHECK(false, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`");
    });
  } catch (const c10::Error&) {
    is_plain = true;
  }
  EXPECT(is_plain);
  EXPECT(cards.failures.empty());
  EXPECT(is_complete(cards.run(4), 4));
  EXPECT(cards.used() == std::set<size_t>({0, 1}));
}

TEST("replicas: a single one is not given up") {
  Cards cards(1, {0});
  EXPECT_THROWS(cards.run(4), ErrorCode::kDevice, "illegal memory access");
  cards.bad.clear();
  EXPECT(is_complete(cards.run(4), 4));
  EXPECT(cards.failures.empty());
}

TEST("replicas: what is the caller's fault, or its wish, fails no card") {
  Cards cards(2);
  const auto throws = [&](auto error) {
    return [&cards, error] {
      cards.replicas.run(2, [&](size_t, const Share&) -> model::RunResult { throw error; });
    };
  };
  EXPECT_THROWS(throws(Error(ErrorCode::kShape, "too small"))(), ErrorCode::kShape, "too small");
  bool cancelled = false;
  try {
    throws(runtime::Cancelled())();
  } catch (const runtime::Cancelled&) {
    cancelled = true;
  }
  EXPECT(cancelled);
  bool is_plain = false;
  try {
    cards.replicas.run(2, [](size_t, const Share&) -> model::RunResult {
      TORCH_CHECK(false, "kernel size can't be greater than actual input size");
    });
  } catch (const c10::Error&) {
    is_plain = true;
  }
  EXPECT(is_plain);
  EXPECT(is_complete(cards.run(4), 4));
  EXPECT(cards.used() == std::set<size_t>({0, 1}));
}

// Batches that do not fit, with a plan that runs out of memory.
#include "runtime/halving.h"

#include <vector>

#include "check.h"
#include "common/error.h"
#include "fake_plan.h"

using namespace bigtransfer;
using namespace bigtransfer::test;
using runtime::Share;

namespace {

/// Takes at most `most` images at once, and keeps what it was given.
struct SmallCard {
  int64_t most;
  at::Tensor images;
  std::vector<int64_t> tried = {};
  int released = 0;

  model::RunResult run(const Share& share) {
    return runtime::run_halving(
        share,
        [this](const Share& part) {
          tried.push_back(part.count);
          if (part.count > most) run_out_of_memory();
          return sums_of(images.narrow(0, part.begin, part.count));
        },
        [this] { ++released; });
  }
};

}  // namespace

TEST("halving: what fits runs once") {
  SmallCard card{.most = 7, .images = numbered_images(7)};
  EXPECT(is_complete(card.run({0, 7}), 7));
  EXPECT(card.tried == std::vector<int64_t>({7}));
  EXPECT(card.released == 0);
}

TEST("halving: what does not fit is halved until it does, and the rest goes in such parts") {
  SmallCard card{.most = 3, .images = numbered_images(11)};
  EXPECT(is_complete(card.run({0, 11}), 11));
  EXPECT(card.tried == std::vector<int64_t>({11, 11, 6, 6, 3, 3, 3, 2}));
  EXPECT(card.released == 4);
}

TEST("halving: what fits once memory has been given back is not halved") {
  std::vector<int64_t> tried;
  int64_t most = 2;
  const at::Tensor images = numbered_images(8);
  const auto run = [&](const Share& part) {
    tried.push_back(part.count);
    if (part.count > most) run_out_of_memory();
    return sums_of(images.narrow(0, part.begin, part.count));
  };
  EXPECT(is_complete(runtime::run_halving({0, 8}, run, [&] { most = 8; }), 8));
  EXPECT(tried == std::vector<int64_t>({8, 8}));
}

TEST("halving: memory that cuBLAS or pinning wanted counts like the allocator's") {
  for (const char* words : {"CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`",
                            "CUDA error: out of memory"}) {
    const at::Tensor images = numbered_images(4);
    const auto run = [&](const Share& part) {
      TORCH_CHECK(part.count < 3, words);
      return sums_of(images.narrow(0, part.begin, part.count));
    };
    EXPECT(is_complete(runtime::run_halving({0, 4}, run, [] {}), 4));
  }
}

TEST("halving: a share in the middle of a batch") {
  SmallCard card{.most = 2, .images = numbered_images(9)};
  const model::RunResult result = card.run({4, 5});
  EXPECT(result.logits.equal(sums_of(numbered_images(9)).logits.narrow(0, 4, 5)));
}

TEST("halving: one image that does not fit is an error of its own, with memory given back") {
  SmallCard card{.most = 0, .images = numbered_images(4)};
  EXPECT_THROWS(card.run({0, 4}), ErrorCode::kOutOfMemory, "smaller images");
  EXPECT(card.tried == std::vector<int64_t>({4, 4, 2, 2, 1, 1}));
  EXPECT(card.released == 6);
  card.most = 4;
  EXPECT(is_complete(card.run({0, 4}), 4));
}

TEST("halving: other exceptions pass") {
  const auto run = [](const Share&) -> model::RunResult {
    throw Error(ErrorCode::kShape, "too small");
  };
  EXPECT_THROWS(runtime::run_halving({0, 4}, run, [] {}), ErrorCode::kShape, "too small");
}

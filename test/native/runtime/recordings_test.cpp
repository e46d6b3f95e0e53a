// What is recorded and what is kept, with recordings that are none.
#include "runtime/recordings.h"

#include <c10/util/Exception.h>

#include "check.h"
#include "fake_plan.h"

using namespace bigtransfer;
using namespace bigtransfer::test;
using runtime::Recording;
using runtime::Recordings;
using runtime::RunKey;

namespace {

constexpr int64_t kManyBytes = 1 << 30;

/// Counts those that are alive.
class FakeRecording final : public Recording {
 public:
  FakeRecording(int& alive, int64_t bytes) : alive_(alive), bytes_(bytes) { ++alive_; }
  ~FakeRecording() override { --alive_; }
  model::RunResult replay(const at::Tensor& input) override { return sums_of(input); }
  int64_t bytes() const override { return bytes_; }

 private:
  int& alive_;
  int64_t bytes_;
};

/// A plan's calls.
struct Calls {
  explicit Calls(int64_t most_bytes = kManyBytes) : recordings(most_bytes) {}

  /// Whether a run of `images` is replayed.
  bool is_replayed(int64_t images, int64_t bytes = 1) {
    return recordings.find(key(images), [&]() -> std::unique_ptr<Recording> {
      ++recorded;
      if (fails) run_out_of_memory();
      return std::make_unique<FakeRecording>(alive, bytes);
    }) != nullptr;
  }

  static RunKey key(int64_t images) { return {{images, 3, 2, 2}, sums_wanted()}; }

  Recordings recordings;
  int alive = 0;
  int recorded = 0;
  bool fails = false;
};

}  // namespace

TEST("recordings: the second run of a kind is recorded, and replayed from then on") {
  Calls calls;
  EXPECT(!calls.is_replayed(1));
  EXPECT(calls.recorded == 0);
  EXPECT(calls.is_replayed(1));
  EXPECT(calls.is_replayed(1));
  EXPECT(calls.recorded == 1);
  EXPECT(!calls.is_replayed(2));
}

TEST("recordings: what is asked for is part of the kind") {
  Calls calls;
  calls.is_replayed(1);
  RunKey other = Calls::key(1);
  other.wanted.hidden_states = false;
  const auto record = []() -> std::unique_ptr<Recording> { return nullptr; };
  EXPECT(calls.recordings.find(other, record) == nullptr);
  EXPECT(calls.is_replayed(1));
}

TEST("recordings: one that fails is run as it is, and never tried again") {
  Calls calls;
  calls.is_replayed(1);
  calls.fails = true;
  EXPECT(!calls.is_replayed(1));
  calls.fails = false;
  for (int call = 0; call < 3; ++call) EXPECT(!calls.is_replayed(1));
  EXPECT(calls.recorded == 1);
  calls.recordings.clear();
  for (int call = 0; call < 3; ++call) EXPECT(!calls.is_replayed(1));
  EXPECT(calls.recorded == 1);
}

TEST("recordings: those that were given up are made again") {
  Calls calls;
  calls.is_replayed(1);
  EXPECT(calls.is_replayed(1));
  calls.recordings.clear();
  EXPECT(calls.alive == 0);
  EXPECT(!calls.is_replayed(1));
  EXPECT(calls.is_replayed(1));
  EXPECT(calls.recorded == 2);
}

TEST("recordings: those not used for longest go where there is too little memory") {
  Calls calls(/*most_bytes=*/10);
  for (const int64_t images : {1, 2, 3}) {
    calls.is_replayed(images, 5);
    EXPECT(calls.is_replayed(images, 5));
  }
  // Three of 5 bytes are too many, two are not.
  EXPECT(calls.alive == 2);
  EXPECT(calls.is_replayed(2));
  EXPECT(calls.is_replayed(3));
  EXPECT(calls.recorded == 3);
  // The first is recorded anew, and now 2 has not been used for longest.
  EXPECT(calls.is_replayed(1, 5));
  EXPECT(calls.recorded == 4);
  EXPECT(calls.is_replayed(3));
  EXPECT(calls.recorded == 4);
}

TEST("recordings: the newest stays, however large it is") {
  Calls calls(/*most_bytes=*/10);
  calls.is_replayed(1, 3);
  calls.is_replayed(1, 3);
  calls.is_replayed(2, 50);
  EXPECT(calls.is_replayed(2, 50));
  EXPECT(calls.alive == 1);
  EXPECT(calls.is_replayed(2));
  EXPECT(calls.recorded == 2);
}

TEST("recordings: of many kinds the last 64 are remembered") {
  Calls calls;
  for (int64_t images = 1; images <= 65; ++images) {
    calls.is_replayed(images);
    calls.is_replayed(images);
  }
  EXPECT(calls.alive == 64);
  EXPECT(calls.is_replayed(2));
  EXPECT(!calls.is_replayed(1));
}

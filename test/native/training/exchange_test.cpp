// Sums and copies among peers that are threads of this process.
#include "training/exchange.h"

#include <barrier>
#include <cstring>
#include <thread>

#include "check.h"
#include "common/error.h"

using namespace bigtransfer;
using namespace bigtransfer::training;

namespace {

/// What the threads have in common.
struct Table {
  explicit Table(int count) : barrier(count), places(static_cast<size_t>(count)) {}
  std::barrier<> barrier;
  std::vector<void*> places;
};

class ThreadPeer final : public peers::Peers {
 public:
  ThreadPeer(Table& table, size_t rank) : table_(table), rank_(rank) {}

  std::string address() const override { return ""; }
  void connect(const std::vector<std::string>&) override {}

  void all_reduce(float* values, size_t count) override {
    largest_ = std::max(largest_, count);
    table_.places[rank_] = values;
    table_.barrier.arrive_and_wait();
    std::vector<float> sums(count, 0);
    for (void* const place : table_.places)
      for (size_t i = 0; i < count; ++i) sums[i] += static_cast<const float*>(place)[i];
    table_.barrier.arrive_and_wait();
    std::copy(sums.begin(), sums.end(), values);
    table_.barrier.arrive_and_wait();
  }

  void broadcast(void* bytes, size_t size) override {
    largest_ = std::max(largest_, size);
    table_.places[rank_] = bytes;
    table_.barrier.arrive_and_wait();
    if (rank_ > 0) std::memcpy(bytes, table_.places[0], size);
    table_.barrier.arrive_and_wait();
  }

  /// Of all calls, in what they are counted by.
  size_t largest() const { return largest_; }

 private:
  Table& table_;
  size_t rank_;
  size_t largest_ = 0;
};

/// Runs `work(peer, rank)` in as many threads.
template <typename Work>
void among(int count, const Work& work) {
  Table table(count);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < count; ++rank)
    threads.emplace_back([&, rank] {
      ThreadPeer peer(table, static_cast<size_t>(rank));
      work(peer, rank);
    });
  for (std::thread& thread : threads) thread.join();
}

Parameter parameter(const std::string& name, const at::Tensor& value) {
  at::Tensor learning = value.clone();
  learning.set_requires_grad(true);
  return {name, learning, true};
}

}  // namespace

TEST("gradients of all peers add up, whatever their size; those that nobody has stay away") {
  // One of them falls into three buckets, the last of which has others too.
  const int64_t large = (int64_t{4} << 20) * 2 + 1000;
  std::vector<std::vector<Parameter>> all(3);
  for (auto& parameters : all)
    parameters = {parameter("small", at::zeros({3})), parameter("large", at::zeros({large})),
                  parameter("one", at::zeros({2, 2})), parameter("none", at::zeros({2}))};
  const at::Tensor steps = at::arange(large, at::kFloat).remainder(1000);
  std::vector<size_t> largest(3);
  among(3, [&](ThreadPeer& peer, int rank) {
    auto& parameters = all[static_cast<size_t>(rank)];
    parameters[0].value.mutable_grad() = at::full({3}, 1.0 + rank);
    parameters[1].value.mutable_grad() = steps * (rank + 1);
    // Of another layout, and one peer's alone.
    if (rank == 1) parameters[2].value.mutable_grad() = at::arange(4, at::kFloat).view({2, 2}).t();
    sum_gradients(parameters, peer);
    largest[static_cast<size_t>(rank)] = peer.largest();
  });
  for (size_t rank = 0; rank < 3; ++rank) {
    const auto& parameters = all[rank];
    EXPECT(at::equal(parameters[0].value.grad(), at::full({3}, 6.0)));
    EXPECT(at::equal(parameters[1].value.grad(), steps * 6));
    EXPECT(at::equal(parameters[2].value.grad(), at::arange(4, at::kFloat).view({2, 2}).t()));
    EXPECT(!parameters[3].value.grad().defined());
    EXPECT(largest[rank] == size_t{4} << 20);
  }
}

TEST("what the first peer has, all have, bit by bit") {
  const int64_t large = (int64_t{4} << 20) + 5;
  std::vector<std::vector<at::Tensor>> all(2);
  for (int64_t rank = 0; rank < 2; ++rank)
    all[static_cast<size_t>(rank)] = {at::arange(large, at::kFloat) / (3 + rank),
                                      at::full({2, 3}, rank, at::kLong), at::empty({0})};
  among(2,
        [&](ThreadPeer& peer, int rank) { take_from_first(all[static_cast<size_t>(rank)], peer); });
  EXPECT(at::equal(all[1][0], at::arange(large, at::kFloat) / 3));
  EXPECT(at::equal(all[1][1], at::zeros({2, 3}, at::kLong)));
}

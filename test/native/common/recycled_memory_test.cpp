// Recycled memory: what is handed out again, what is not, and how much is kept.
#include "common/recycled_memory.h"

#include <algorithm>
#include <vector>

#include "check.h"

using namespace bigtransfer;

namespace {

constexpr int64_t kMegabyte = int64_t{1} << 20;
/// What the process keeps of memory that is free.
constexpr int64_t kMostKept = 64 * kMegabyte;

/// Fills what is kept with one buffer, which drives out all that earlier tests have left.
void forget() { empty_recycled({kMostKept}, at::kByte); }

}  // namespace

TEST("recycled memory: a tensor that is gone leaves its memory to the next of its size") {
  forget();
  const void* const first = empty_recycled({3, 64, 64}, at::kFloat).data_ptr();
  const at::Tensor second = empty_recycled({64, 64, 3}, at::kFloat);
  EXPECT(second.data_ptr() == first);
  EXPECT(empty_recycled({64, 64, 3}, at::kFloat).data_ptr() != first);
}

TEST("recycled memory: a buffer serves what fills half of it, and nothing smaller or larger") {
  forget();
  const void* const large = empty_recycled({4 * kMegabyte}, at::kByte).data_ptr();
  const at::Tensor beyond = empty_recycled({4 * kMegabyte + 4}, at::kByte);
  EXPECT(beyond.data_ptr() != large);
  const at::Tensor small = empty_recycled({2 * kMegabyte - 4}, at::kByte);
  EXPECT(small.data_ptr() != large);
  EXPECT(empty_recycled({2 * kMegabyte}, at::kByte).data_ptr() == large);
}

TEST("recycled memory: of what is given back, 64 MB are kept, the latest") {
  forget();
  constexpr int64_t kGiven = 80;
  std::vector<at::Tensor> tensors;
  for (int64_t i = 0; i < kGiven; ++i) tensors.push_back(empty_recycled({kMegabyte}, at::kByte));
  std::vector<const void*> given;
  for (const at::Tensor& each : tensors) given.push_back(each.data_ptr());
  for (at::Tensor& each : tensors) each.reset();
  // Memory that went back to the system may come again under the same addresses, and so it is not
  // asked for more than is kept.
  std::vector<const void*> taken;
  for (int64_t i = 0; i < kMostKept / kMegabyte; ++i) {
    tensors.push_back(empty_recycled({kMegabyte}, at::kByte));
    taken.push_back(tensors.back().data_ptr());
  }
  EXPECT((taken == std::vector<const void*>(given.end() - std::ssize(taken), given.end())));
}

TEST("recycled memory: of buffers that fit the smallest is taken, and of those the oldest") {
  forget();
  at::Tensor large = empty_recycled({6 * kMegabyte}, at::kByte);
  at::Tensor first = empty_recycled({4 * kMegabyte}, at::kByte);
  at::Tensor second = empty_recycled({4 * kMegabyte}, at::kByte);
  const void* const expected = first.data_ptr();
  large.reset();
  first.reset();
  second.reset();
  EXPECT(empty_recycled({4 * kMegabyte}, at::kByte).data_ptr() == expected);
}

TEST("recycled memory: all of it is kept while someone wants that") {
  forget();
  constexpr int64_t kGiven = 80;
  const auto take = [] {
    std::vector<at::Tensor> tensors;
    for (int64_t i = 0; i < kGiven; ++i) tensors.push_back(empty_recycled({kMegabyte}, at::kByte));
    return tensors;
  };
  const auto places = [](const std::vector<at::Tensor>& tensors) {
    std::vector<const void*> all;
    for (const at::Tensor& each : tensors) all.push_back(each.data_ptr());
    std::ranges::sort(all);
    return all;
  };
  const RecyclesAll all;
  const auto first = places(take());
  EXPECT(places(take()) == first);
}

TEST("recycled memory: small tensors are libtorch's own, and empty ones are tensors, too") {
  EXPECT(empty_recycled({4}, at::kFloat).numel() == 4);
  EXPECT(empty_recycled({0, 3}, at::kFloat).numel() == 0);
  const at::Tensor bytes = empty_recycled({5001}, at::kByte);
  bytes.fill_(7);
  EXPECT(bytes.eq(7).all().item<bool>());
}

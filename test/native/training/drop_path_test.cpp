// Which images leave a block out, and how often.
#include "training/drop_path.h"

#include <cmath>

#include "check.h"

using namespace bigtransfer;
using namespace bigtransfer::training;

TEST("drop path: an image has the same factors wherever the micro-batch is split") {
  const std::vector<double> rates = {0.25, 0.5, 0.75};
  const at::Tensor whole = path_factors(rates, 10, {7, 0, 10});
  const at::Tensor parts =
      at::cat({path_factors(rates, 3, {7, 0, 10}), path_factors(rates, 7, {7, 3, 10})}, 1);
  EXPECT(at::equal(whole, parts));
  EXPECT(!at::equal(whole, path_factors(rates, 10, {8, 0, 10})));
  EXPECT(!path_factors({}, 10, {7, 0, 10}).defined());
}

TEST("drop path: as often as the rate says, and the mean stays") {
  constexpr int64_t kImages = 100'000;
  const at::Tensor factors = path_factors({0.2, 0.6}, kImages, {1, 0, kImages});
  // Three standard deviations of a share of so many, which is 0.5 / sqrt(n) at most.
  const double bound = 1.5 / std::sqrt(static_cast<double>(kImages));
  for (const auto& [row, rate] : {std::pair{0, 0.2}, std::pair{1, 0.6}}) {
    const at::Tensor left_out = (factors[row] == 0).to(at::kDouble).mean();
    EXPECT(std::abs(left_out.item<double>() - rate) < bound);
    const auto kept = static_cast<float>(1 / (1 - rate));
    EXPECT(std::abs(factors[row].max().item<float>() - kept) < 1e-6F);
  }
}

TEST("drop path: each image has its own factor, in the type of the map") {
  const at::Tensor x = at::ones({2, 3, 2, 2}, at::kBFloat16);
  const at::Tensor y = drop_path(x, at::tensor({0.0F, 2.0F}));
  EXPECT(y.scalar_type() == at::kBFloat16);
  EXPECT(at::equal(y, at::cat({x.slice(0, 0, 1) * 0, x.slice(0, 1, 2) * 2})));
}

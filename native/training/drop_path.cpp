// One draw for each image and block, on the CPU wherever the network is: the numbers are the same.
#include "training/drop_path.h"

#include <ATen/CPUGeneratorImpl.h>

namespace bigtransfer::training {

at::Tensor path_factors(const std::vector<double>& rates, int64_t images, const PathDraws& draws) {
  if (rates.empty()) return {};
  const at::Generator chance = at::detail::createCPUGenerator(draws.seed);
  std::vector<at::Tensor> rows;
  for (const double rate : rates) {
    const double kept = 1 - rate;
    const at::Tensor all = at::empty({draws.of}, at::kFloat).uniform_(0, 1, chance);
    const at::Tensor own = all.slice(0, draws.first, draws.first + images);
    rows.push_back((own < kept).to(at::kFloat) / kept);
  }
  return at::stack(rows);
}

at::Tensor drop_path(const at::Tensor& x, const at::Tensor& factors) {
  return x * factors.to(x.scalar_type()).view({-1, 1, 1, 1});
}

}  // namespace bigtransfer::training

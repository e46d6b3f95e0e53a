// One draw for each image.
#include "training/drop_path.h"

namespace bigtransfer::training {

at::Tensor drop_path(const at::Tensor& x, double rate, const at::Generator& chance) {
  if (rate == 0) return x;
  const double kept = 1 - rate;
  const at::Tensor draws = at::empty({x.size(0), 1, 1, 1}, at::kFloat).uniform_(0, 1, chance);
  return x * ((draws < kept).to(at::kFloat) / kept).to(x.scalar_type());
}

}  // namespace bigtransfer::training

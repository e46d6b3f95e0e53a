// One draw for each image.
#include "training/drop_path.h"

namespace bigtransfer::training {

at::Tensor drop_path(const at::Tensor& x, double rate, const PathDraws& draws) {
  if (rate == 0) return x;
  const double kept = 1 - rate;
  const at::Tensor all = at::empty({draws.of, 1, 1, 1}, at::kFloat).uniform_(0, 1, draws.chance);
  const at::Tensor own = all.slice(0, draws.first, draws.first + x.size(0));
  return x * ((own < kept).to(at::kFloat) / kept).to(x.scalar_type());
}

}  // namespace bigtransfer::training

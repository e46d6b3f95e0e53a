// Plain ATen group norm + activation.
#include "ops/group_norm_act.h"

#include "common/error.h"

namespace bigtransfer::ops {

at::Tensor group_norm_act(const at::Tensor& x, const GroupNormAct& norm) {
  if (x.dim() != 4 || x.size(1) != norm.weight.numel()) {
    throw Error(ErrorCode::kShape, "Group norm over " + std::to_string(norm.weight.numel()) +
                                       " channels got an input that has not as many");
  }
  const at::Tensor y = at::group_norm(x, norm.groups, norm.weight, norm.bias, kGroupNormEps,
                                      /*cudnn_enabled=*/false);
  return norm.activation ? activate(y, *norm.activation) : y;
}

}  // namespace bigtransfer::ops

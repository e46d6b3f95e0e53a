// Plain ATen weight standardisation: batch norm's training statistics over one row per channel.
#include "ops/standardize_weight.h"

#include "common/error.h"

namespace bigtransfer::ops {

at::Tensor standardize_weight(const at::Tensor& weight) {
  if (weight.dim() != 4 || weight.numel() == 0) {
    throw Error(ErrorCode::kShape, "A convolution kernel must be [out, in, kh, kw] and not empty");
  }
  const at::Tensor rows = weight.reshape({1, weight.size(0), -1});
  return at::batch_norm(rows, {}, {}, {}, {}, /*training=*/true, /*momentum=*/0.0,
                        kWeightStandardizationEps, /*cudnn_enabled=*/false)
      .reshape(weight.sizes());
}

}  // namespace bigtransfer::ops

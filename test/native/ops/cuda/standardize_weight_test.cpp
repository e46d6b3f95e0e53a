// The GPU's weight standardisation against the CPU's.
#include "ops/cuda/standardize_weight.h"

#include "card.h"
#include "check.h"
#include "ops/standardize_weight.h"

using namespace bigtransfer;
using namespace bigtransfer::test;

TEST("cuda standardize_weight: the CPU's values in the layout of the GPU") {
  at::manual_seed(0);
  for (const int64_t in : {2, 3, 70}) {
    for (const int64_t kernel : {1, 3}) {
      for (const int64_t pitch : {in, in + 5}) {
        const at::Tensor weight = at::randn({6, in, kernel, kernel}) * 0.1 + 3;
        const at::Tensor there = weight.to(kCard);
        at::Tensor result = at::empty({6, kernel * kernel, pitch}, there.options());
        ops::cuda::standardize_weight({.type = at::kFloat,
                                       .out_channels = 6,
                                       .in_channels = in,
                                       .taps = kernel * kernel,
                                       .epsilon = 1e-8f,
                                       .weight = there.const_data_ptr<float>(),
                                       .pitch = pitch,
                                       .y = result.mutable_data_ptr()},
                                      stream());
        const at::Tensor y = result.cpu();
        const at::Tensor expected =
            ops::standardize_weight(weight).flatten(2).transpose(1, 2).contiguous();
        EXPECT(at::allclose(y.narrow(2, 0, in), expected, 1e-4, 1e-4));
        EXPECT(y.narrow(2, in, pitch - in).eq(0).all().item<bool>());
      }
    }
  }
}

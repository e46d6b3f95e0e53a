// The linear layer against ATen, and its rows against themselves.
#include "ops/packed_linear.h"

#include "check.h"
#include "common/share_out.h"

using namespace bigtransfer;
using namespace bigtransfer::ops;

namespace {

/// Of the largest magnitude.
constexpr double kTolerance = 2e-6;

}  // namespace

TEST("packed linear: as ATen's in double precision, whatever the sizes") {
  at::manual_seed(5);
  for (const Kernels& kernels : runnable_kernels()) {
    for (const auto& [rows, in, out] :
         {std::array<int64_t, 3>{1, 5, 1}, {3, 64, 33}, {7, 300, 1000}}) {
      const at::Tensor x = at::randn({rows, in});
      const at::Tensor weight = at::randn({out, in});
      const at::Tensor bias = at::randn({out});
      const at::Tensor expected =
          at::linear(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble));
      Arena arena;
      const at::Tensor got = PackedLinear(weight, bias, kernels, arena).run(x);
      const double error = (got - expected).abs().max().item<double>();
      EXPECT(error <= kTolerance * expected.abs().max().item<double>());
    }
  }
}

TEST("packed linear: a row has the same bits among any others, on any number of threads") {
  at::manual_seed(6);
  for (const Kernels& kernels : runnable_kernels()) {
    const at::Tensor x = at::randn({200, 130});
    Arena arena;
    const PackedLinear linear(at::randn({70, 130}), at::randn({70}), kernels, arena);
    const at::Tensor all = linear.run(x);
    const TeamScope team(3);
    EXPECT(at::equal(linear.run(x), all));
    for (const int64_t count : {1, 2, 9, 64}) {
      const at::Tensor part = linear.run(x.narrow(0, 17, count).contiguous());
      EXPECT(at::equal(part, all.narrow(0, 17, count)));
    }
  }
}

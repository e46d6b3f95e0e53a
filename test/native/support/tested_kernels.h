// The kernels that tests run: those of this machine, and the code for wider vectors in narrower
// ones.
#pragma once

#include <vector>

#include "ops/cpu/kernel_sets.h"

BIGTRANSFER_DECLARE_KERNELS(avx512_on_avx2)

namespace bigtransfer::test {

inline std::vector<ops::Kernels> tested_kernels() {
  std::vector<ops::Kernels> all = ops::runnable_kernels();
  if (!all.empty()) all.push_back(BIGTRANSFER_KERNELS(ops::avx512_on_avx2, 16));
  return all;
}

}  // namespace bigtransfer::test

// Chooses the kernels for this machine.
#include "ops/kernels.h"

#if defined(__x86_64__)
#include "ops/cpu/kernels.h"
#endif

namespace bigtransfer::ops {

const Kernels* kernels() {
#if defined(__x86_64__)
#define BIGTRANSFER_KERNELS(panel, isa) \
  { panel, isa::pointwise, isa::spatial, isa::winograd2, isa::winograd4, isa::max_pool }
  static const Kernels avx512 BIGTRANSFER_KERNELS(32, lanes16);
  static const Kernels avx2 BIGTRANSFER_KERNELS(16, lanes8);
#undef BIGTRANSFER_KERNELS
  // The sets that CMakeLists.txt compiles them for.
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
    return &avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &avx2;
#endif
  return nullptr;
}

}  // namespace bigtransfer::ops

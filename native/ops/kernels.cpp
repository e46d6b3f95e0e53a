// Chooses the kernels for this machine.
#include "ops/kernels.h"

#if defined(__x86_64__)
#include "ops/cpu/kernel_sets.h"
#endif

namespace bigtransfer::ops {
namespace {

std::vector<Kernels> find_kernels() {
  std::vector<Kernels> found;
#if defined(__x86_64__)
  // The sets that CMakeLists.txt compiles each for.
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")) {
    Kernels wide = BIGTRANSFER_KERNELS(avx512, 16);
    if (__builtin_cpu_supports("avx512bf16")) {
      wide.fastest = ConvType::kBFloat16;
      wide.of(wide.fastest) = avx512_bf16::bfloat16_kernels();
    }
    found.push_back(wide);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    found.push_back(BIGTRANSFER_KERNELS(avx2, 8));
#endif
  return found;
}

}  // namespace

const std::vector<Kernels>& runnable_kernels() {
  static const std::vector<Kernels> found = find_kernels();
  return found;
}

}  // namespace bigtransfer::ops

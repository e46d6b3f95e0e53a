// The weights of an antialiased resize in whole numbers, as Pillow and ATen count them.
#pragma once

#include <cstdint>
#include <vector>

namespace bigtransfer::ops {

/// PIL's filters; box and hamming have no tensor kernel.
enum class Resample { kNearest, kLanczos, kBilinear, kBicubic, kBox, kHamming };

/// What a run of outputs along one side takes from its inputs:
/// out[i] = (half + sum over t of weights[i * taps + t] * in[first[i] + t]) >> shift, kept in 0 to
/// 255.
struct ResizeTaps {
  /// Of each output; those that an output does not need weigh nothing.
  int64_t taps;
  int shift;
  std::vector<int32_t> first;
  std::vector<int16_t> weights;

  int64_t outputs() const { return static_cast<int64_t>(first.size()); }
};

/// The taps of outputs `begin` to `begin + count` of a side of `in` pixels that becomes `out` long.
/// `taps` is a multiple of `multiple`, so first + taps may run past the side: what lies there must
/// be readable. Only for bilinear and bicubic.
ResizeTaps resize_taps(int64_t in, int64_t out, int64_t begin, int64_t count, Resample resample,
                       int64_t multiple);

}  // namespace bigtransfer::ops

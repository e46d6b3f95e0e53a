// The arithmetic of strides and padding.
#include "model/map_size.h"

#include <algorithm>

#include "common/error.h"

namespace bigtransfer::model {
namespace {

/// The stem's pool.
constexpr int64_t kPoolKernel = 3;
constexpr int64_t kPoolStride = 2;

struct Window {
  int64_t kernel;
  int64_t stride;
  int64_t dilation;
  /// Zeros on both sides, whatever the size.
  int64_t padding;
  /// TensorFlow's SAME padding on top of that.
  bool same;
  /// For messages.
  std::string name;
};

struct Line {
  int64_t out;
  int64_t before;
};

/// One dimension.
Line slide(const Window& window, int64_t size) {
  const int64_t padded = size + 2 * window.padding;
  const int64_t reach = window.dilation * (window.kernel - 1) + 1;
  if (window.same) {
    const int64_t out = (padded + window.stride - 1) / window.stride;
    const int64_t missing = std::max<int64_t>((out - 1) * window.stride + reach - padded, 0);
    return {out, window.padding + missing / 2};
  }
  if (padded < reach) {
    throw Error(ErrorCode::kShape, "The input is too small for the network: " + window.name +
                                       " spans " + std::to_string(reach) + " pixels but gets " +
                                       std::to_string(padded));
  }
  return {(padded - reach) / window.stride + 1, window.padding};
}

Windows slide(const Window& window, MapSize in) {
  const Line y = slide(window, in.height);
  const Line x = slide(window, in.width);
  return {{y.out, x.out}, y.before, x.before};
}

}  // namespace

std::string to_string(MapSize size) {
  return std::to_string(size.height) + "x" + std::to_string(size.width);
}

Windows windows_of(const ConvSpec& conv, MapSize in) {
  return slide({conv.kernel, conv.stride, conv.dilation, conv.padding, conv.same, conv.name}, in);
}

int64_t multiply_adds(const ConvSpec& conv, MapSize out) {
  return conv.in_channels * conv.out_channels * conv.kernel * conv.kernel * out.pixels();
}

Windows pool_windows(const StemSpec& stem, MapSize in) {
  return slide(
      {kPoolKernel, kPoolStride, 1, stem.constant_pad ? 1 : 0, stem.same_pool, "the stem's pool"},
      in);
}

void check_residual(const NetworkSpec& spec, const BlockSpec& block, MapSize residual,
                    MapSize shortcut) {
  if (residual == shortcut) return;
  throw Error(ErrorCode::kShape,
              "A residual of " + to_string(residual) + " cannot be added to a shortcut of " +
                  to_string(shortcut) + " at " + block.convs[2].name +
                  (spec.padding == PaddingRule::kValid
                       ? ": with globalPadding 'VALID' the 3x3 convolutions shrink what the "
                         "shortcut keeps; use null or 'SAME'"
                       : ""));
}

}  // namespace bigtransfer::model

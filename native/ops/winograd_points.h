// Where Winograd's F(4x4, 3x3) evaluates its polynomials: at 0, infinity and two pairs.
#pragma once

namespace bigtransfer::ops {

/// The pairs are +-kInnerPoint and +-kOuterPoint. Of all pairs of eighths these lose least: less
/// than half of what Lavin & Gray's +-1 and +-2 do, whose powers differ more (Barabasz et al.,
/// 1803.10986, look for points in this way). Pairs of opposite points halve the transforms'
/// additions.
inline constexpr double kInnerPoint = 0.625;
inline constexpr double kOuterPoint = 1.5;

}  // namespace bigtransfer::ops

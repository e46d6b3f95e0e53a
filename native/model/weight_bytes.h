// How much memory a network's weights take.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace bigtransfer::model {

/// Of convolutions and head, which may be undefined; norms are too small to count.
template <typename Conv, typename Stages>
int64_t weight_bytes(const Conv& stem, const Stages& stages, const at::Tensor& head) {
  size_t total = stem.weight.nbytes() + (head.defined() ? head.nbytes() : 0);
  for (const auto& stage : stages) {
    for (const auto& block : stage) {
      for (const Conv& conv : block.convs) total += conv.weight.nbytes();
      if (block.downsample) total += block.downsample->weight.nbytes();
    }
  }
  return static_cast<int64_t>(total);
}

}  // namespace bigtransfer::model

// Shares the panels out among threads; each reads its weights once for all rows.
#include "ops/packed_linear.h"

#include <algorithm>
#include <vector>

#include "common/share_out.h"
#include "ops/cut.h"

namespace bigtransfer::ops {
namespace {

/// Products of a piece at least.
constexpr int64_t kLeastMultiplyAdds = 1 << 17;

}  // namespace

PackedLinear::PackedLinear(const at::Tensor& weight, const at::Tensor& bias, const Kernels& kernels,
                           Arena& arena)
    : kernels_(&kernels),
      in_(weight.size(1)),
      out_(weight.size(0)),
      panels_((out_ + kernels.panel - 1) / kernels.panel),
      bias_(bias.contiguous()) {
  const at::Tensor values = weight.contiguous();
  const float* from = values.const_data_ptr<float>();
  const int64_t panel = kernels.panel;
  weights_ = arena.allocate(panels_ * in_ * panel);
  float* to = weights_;
  for (int64_t p = 0; p < panels_; ++p) {
    for (int64_t c = 0; c < in_; ++c) {
      for (int64_t lane = 0; lane < panel; ++lane) {
        const int64_t row = p * panel + lane;
        *to++ = row < out_ ? from[row * in_ + c] : 0.0F;
      }
    }
  }
}

at::Tensor PackedLinear::run(const at::Tensor& x) const {
  const int64_t rows = x.size(0);
  const int64_t pitch = panels_ * kernels_->panel;
  const ConvGeometry geometry{.in = {1, rows, in_, in_},
                              .out = {1, rows, out_, pitch},
                              .kernel = 1,
                              .stride = 1,
                              .dilation = 1,
                              .pad_top = 0,
                              .pad_left = 0};
  AlignedBuffer padded(rows * pitch);
  // The kernels sum up what they write; nobody asks here. Panels write to places of their own.
  std::vector<double> sums(static_cast<size_t>(2 * pitch), 0.0);
  const ConvImage all{.x = x.const_data_ptr<float>(),
                      .scale = nullptr,
                      .shift = nullptr,
                      .addend = nullptr,
                      .out = padded.data(),
                      .sums = sums.data()};
  const int64_t of_panel = std::max<int64_t>(rows * in_ * kernels_->panel, 1);
  const int64_t pieces = std::clamp<int64_t>(panels_ * of_panel / kLeastMultiplyAdds, 1, panels_);
  share_out(pieces, [&](int64_t begin, int64_t end) {
    kernels_->of(ConvType::kFloat32)
        .pointwise({.geometry = &geometry,
                    .images = &all,
                    .weights = weights_,
                    .cuts = 1,
                    .part_begin = 0,
                    .part_end = 1,
                    .panel_begin = cut(panels_, begin, pieces),
                    .panel_end = cut(panels_, end, pieces)});
  });
  at::Tensor result = at::empty({rows, out_}, at::kFloat);
  float* to = result.mutable_data_ptr<float>();
  const float* bias = bias_.const_data_ptr<float>();
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < out_; ++i)
      to[row * out_ + i] = padded.data()[row * pitch + i] + bias[i];
  }
  return result;
}

}  // namespace bigtransfer::ops

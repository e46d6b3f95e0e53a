// From a spec to a topology: strides, dilations, widths and padding, following transformers' BiT.
#include "model/topology.h"

#include <cmath>

#include "common/error.h"

namespace bigtransfer::model {
namespace {

/// Width of a block's first two convolutions relative to its output.
constexpr double kBottleRatio = 0.25;
/// Stride of the stem: 2 in the convolution, 2 in the pool.
constexpr int64_t kStemStride = 4;
constexpr int64_t kChannelMultiple = 8;

struct ConvShape {
  int64_t in_channels, out_channels, kernel, stride = 1, dilation = 1;
};

class Builder {
 public:
  Builder(const NetworkSpec& spec, const std::string& prefix) : spec_(spec), prefix_(prefix) {}

  Topology build() const {
    check();
    Topology topology{.spec = spec_, .stem = stem(), .stages = {}, .norm = {}, .head = {}};
    int64_t channels = spec_.embedding_size;
    int64_t running_stride = kStemStride;
    int64_t dilation = 1;
    double total_blocks = 0;
    for (int64_t depth : spec_.depths) total_blocks += static_cast<double>(depth);
    int64_t blocks_before = 0;
    for (size_t index = 0; index < spec_.depths.size(); ++index) {
      int64_t stride = index == 0 ? 1 : 2;
      if (running_stride >= spec_.output_stride) {
        dilation *= stride;
        stride = 1;
      }
      const int64_t width =
          make_div(static_cast<double>(spec_.hidden_sizes[index]) * spec_.width_factor);
      StageSpec stage{.name = "stage" + std::to_string(index + 1), .blocks = {}};
      for (int64_t layer = 0; layer < spec_.depths[index]; ++layer) {
        const std::string name = prefix_ + "encoder.stages." + std::to_string(index) + ".layers." +
                                 std::to_string(layer) + ".";
        stage.blocks.push_back(block(name, channels, width, layer == 0, stride, dilation));
        const double place = static_cast<double>(blocks_before++);
        stage.blocks.back().drop_path_rate =
            total_blocks > 1 ? spec_.drop_path_rate * place / (total_blocks - 1) : 0.0;
        channels = width;
      }
      running_stride *= stride;
      topology.stages.push_back(std::move(stage));
    }
    if (spec_.layer_type == LayerType::kPreactivation) {
      topology.norm = NormSpec{prefix_ + "norm", channels, true};
    }
    if (spec_.num_labels) topology.head = HeadSpec{"classifier.1", channels, *spec_.num_labels};
    return topology;
  }

 private:
  void check() const {
    const auto fail = [](const std::string& what) { throw Error(ErrorCode::kConfig, what); };
    if (spec_.depths.empty() || spec_.depths.size() != spec_.hidden_sizes.size()) {
      fail("hiddenSizes and depths must be equally long and not empty");
    }
    for (int64_t depth : spec_.depths) {
      if (depth < 1) fail("Every depth must be at least 1");
    }
    if (spec_.num_channels < 1 || spec_.embedding_size < 1 || spec_.num_groups < 1) {
      fail("numChannels, embeddingSize and numGroups must be at least 1");
    }
  }

  ConvSpec conv(const std::string& name, const ConvShape& shape) const {
    const int64_t reach = shape.dilation * (shape.kernel - 1);
    const int64_t symmetric = (shape.stride - 1 + reach) / 2;
    const bool is_same = spec_.padding == PaddingRule::kSame;
    // With stride 1 and an even reach SAME is symmetric; the constant is cheaper than a pad.
    const bool same = is_same && !(shape.stride == 1 && reach % 2 == 0);
    const int64_t padding = same || spec_.padding == PaddingRule::kValid ? 0 : symmetric;
    return {name,
            shape.in_channels,
            shape.out_channels,
            shape.kernel,
            shape.stride,
            shape.dilation,
            padding,
            same};
  }

  NormSpec norm(const std::string& name, int64_t channels, bool activation = true) const {
    if (channels % spec_.num_groups != 0) {
      throw Error(ErrorCode::kConfig, "numGroups " + std::to_string(spec_.num_groups) +
                                          " does not divide the " + std::to_string(channels) +
                                          " channels of " + name);
    }
    return {name, channels, activation};
  }

  StemSpec stem() const {
    const ConvShape shape{spec_.num_channels, spec_.embedding_size, 7, 2};
    StemSpec stem{.conv = conv(prefix_ + "embedder.convolution", shape),
                  .norm = {},
                  .constant_pad = spec_.padding != PaddingRule::kSame,
                  .same_pool = spec_.embedding_dynamic_padding};
    if (spec_.layer_type == LayerType::kBottleneck) {
      stem.norm = norm(prefix_ + "embedder.norm", spec_.embedding_size);
    }
    return stem;
  }

  BlockSpec block(const std::string& name, int64_t in, int64_t out, bool first,
                  int64_t stage_stride, int64_t stage_dilation) const {
    const bool bottleneck = spec_.layer_type == LayerType::kBottleneck;
    const int64_t mid = make_div(static_cast<double>(out) * kBottleRatio);
    const int64_t stride = first ? stage_stride : 1;
    // transformers passes a dilation to bottleneck blocks alone, and a smaller one to the first.
    const int64_t first_dilation = stage_dilation <= 2 ? 1 : 2;
    const int64_t dilation = !bottleneck ? 1 : first ? first_dilation : stage_dilation;
    const auto norms = bottleneck ? std::array{mid, mid, out} : std::array{in, mid, mid};
    BlockSpec block{
        .convs = {conv(name + "conv1", {in, mid, 1}),
                  conv(name + "conv2", {mid, mid, 3, stride, dilation}),
                  conv(name + "conv3", {mid, out, 1})},
        .norms = {norm(name + "norm1", norms[0]), norm(name + "norm2", norms[1]),
                  norm(name + "norm3", norms[2], !bottleneck)},
        .downsample = {},
        .downsample_norm = {},
        .activation = {},
        .drop_path_rate = 0.0,
    };
    if (bottleneck) block.activation = name + "activation";
    if (first) {
      block.downsample = conv(name + "downsample.conv", {in, out, 1, stride});
      if (bottleneck) block.downsample_norm = norm(name + "downsample.norm", out, false);
    }
    return block;
  }

  const NetworkSpec& spec_;
  const std::string& prefix_;
};

}  // namespace

int64_t make_div(double channels) {
  const auto multiple = [](double value) {
    return static_cast<int64_t>(value) / kChannelMultiple * kChannelMultiple;
  };
  int64_t rounded = std::max(kChannelMultiple, multiple(channels + kChannelMultiple / 2.0));
  if (static_cast<double>(rounded) < 0.9 * channels) rounded += kChannelMultiple;
  return rounded;
}

Topology make_topology(const NetworkSpec& spec, const std::string& prefix) {
  return Builder(spec, prefix).build();
}

}  // namespace bigtransfer::model

// Counts by walking the topology with a feature-map size, without running anything.
#include "model/cost.h"

#include <algorithm>

#include "model/parameters.h"

namespace bigtransfer::model {
namespace {

struct MapSize {
  int64_t height, width;
};

int64_t output_size(int64_t size, const ConvSpec& conv) {
  if (conv.same) return (size + conv.stride - 1) / conv.stride;
  const int64_t reach = conv.dilation * (conv.kernel - 1) + 1;
  return std::max<int64_t>((size + 2 * conv.padding - reach) / conv.stride + 1, 0);
}

MapSize output_size(MapSize size, const ConvSpec& conv) {
  return {output_size(size.height, conv), output_size(size.width, conv)};
}

int64_t multiply_adds(const ConvSpec& conv, MapSize output) {
  return conv.in_channels * conv.out_channels * conv.kernel * conv.kernel * output.height *
         output.width;
}

/// The pool of the stem: 3x3 stride 2 on the padded map.
int64_t pooled(int64_t size, const StemSpec& stem) {
  const int64_t padded = size + (stem.constant_pad ? 2 : 0);
  return stem.same_pool ? (padded + 1) / 2 : std::max<int64_t>((padded - 3) / 2 + 1, 0);
}

int64_t count_parameters(const Topology& topology, const std::string& part) {
  int64_t total = 0;
  for (const ParameterSpec& each : parameters(topology)) {
    if (each.name.find(part) == std::string::npos) continue;
    int64_t count = 1;
    for (int64_t size : each.shape) count *= size;
    total += count;
  }
  return total;
}

}  // namespace

std::vector<StageCost> cost_by_stage(const Topology& topology, int64_t height, int64_t width) {
  std::vector<StageCost> rows;
  MapSize size = output_size({height, width}, topology.stem.conv);
  const int64_t stem_cost = multiply_adds(topology.stem.conv, size);
  size = {pooled(size.height, topology.stem), pooled(size.width, topology.stem)};
  int64_t channels = topology.stem.conv.out_channels;
  rows.push_back({"stem",
                  {channels, size.height, size.width},
                  count_parameters(topology, "embedder."),
                  stem_cost});
  int64_t accounted = rows.front().parameters;
  for (size_t index = 0; index < topology.stages.size(); ++index) {
    int64_t cost = 0;
    for (const BlockSpec& block : topology.stages[index].blocks) {
      if (block.downsample) {
        cost += multiply_adds(*block.downsample, output_size(size, *block.downsample));
      }
      for (const ConvSpec& conv : block.convs) {
        size = output_size(size, conv);
        cost += multiply_adds(conv, size);
      }
      channels = block.convs.back().out_channels;
    }
    const std::string part = "encoder.stages." + std::to_string(index) + ".";
    rows.push_back({topology.stages[index].name,
                    {channels, size.height, size.width},
                    count_parameters(topology, part),
                    cost});
    accounted += rows.back().parameters;
  }
  const int64_t outputs = topology.head ? topology.head->out_features : 0;
  rows.push_back({topology.head ? "norm, pool, head" : "norm, pool",
                  {outputs > 0 ? outputs : channels},
                  count_parameters(topology, "") - accounted,
                  channels * outputs});
  return rows;
}

}  // namespace bigtransfer::model

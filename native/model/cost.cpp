// Counts by walking the topology with a feature-map size, without running anything.
#include "model/cost.h"

#include "model/map_size.h"
#include "model/parameters.h"

namespace bigtransfer::model {
namespace {

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
  MapSize size = windows_of(topology.stem.conv, {height, width}).out;
  const int64_t stem_cost = multiply_adds(topology.stem.conv, size);
  size = pool_windows(topology.stem, size).out;
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
        cost += multiply_adds(*block.downsample, windows_of(*block.downsample, size).out);
      }
      for (const ConvSpec& conv : block.convs) {
        size = windows_of(conv, size).out;
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

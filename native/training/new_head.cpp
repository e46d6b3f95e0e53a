// One tensor after the other, from file to file.
#include "training/new_head.h"

#include <utility>
#include <vector>

#include "checkpoint/safetensors_writer.h"
#include "common/error.h"
#include "model/topology.h"

namespace bigtransfer::training {

void save_with_head(const NewHeadRequest& request, const std::string& path) {
  const model::Topology topology = model::make_topology(request.spec, request.prefix);
  const model::Weights weights = model::Weights::read(model::parameters(topology), request.source);
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const model::ParameterSpec& each : weights.parameters()) {
    const bool is_weight = topology.head && each.name == topology.head->name + ".weight";
    const bool is_bias = topology.head && each.name == topology.head->name + ".bias";
    const at::Tensor tensor = is_weight ? request.weight
                              : is_bias ? request.bias
                                        : weights.copy(each.name);
    if (tensor.sizes() != at::IntArrayRef(each.shape))
      throw Error(ErrorCode::kShape, each.name + " is of another size than the network's");
    tensors.emplace_back(each.name, tensor);
  }
  checkpoint::write_safetensors(path, tensors, {{"format", "pt"}});
}

}  // namespace bigtransfer::training

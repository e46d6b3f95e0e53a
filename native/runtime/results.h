// Results of parts of a batch.
#pragma once

#include <vector>

#include "model/plan.h"

namespace bigtransfer::runtime {

/// Calls body(tensor) for every tensor of a result that is there.
template <typename Result, typename Body>
void for_each_tensor(Result& result, const Body& body) {
  for (auto* each : {&result.last_hidden_state, &result.pooler_output, &result.logits}) {
    if (each->defined()) body(*each);
  }
  for (auto* list : {&result.hidden_states, &result.feature_maps}) {
    for (auto& each : *list) body(each);
  }
}

/// The images of all parts, which were asked for the same, one after the other.
model::RunResult joined(const std::vector<model::RunResult>& parts);

}  // namespace bigtransfer::runtime

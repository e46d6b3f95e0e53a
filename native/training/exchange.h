// What peers that train together send each other: gradients once a step, and what they begin with.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "peers/peers.h"
#include "training/graph.h"

namespace bigtransfer::training {

/// Puts the sum of all peers' gradients in place of each one's own, which may be undefined where
/// its loss depends on a parameter of another peer's alone. It stays where it is in memory; where
/// peers are of another device it goes by way of that. Throws Error kTraining as Peers do; the
/// gradients are of no use then.
void sum_gradients(const std::vector<Parameter>& parameters, peers::Peers& peers);

/// Puts peer 0's values into everybody's; `tensors` are contiguous and the same in shape and type.
void take_from_first(const std::vector<at::Tensor>& tensors, peers::Peers& peers);

}  // namespace bigtransfer::training

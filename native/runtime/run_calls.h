// Calls that are alike, through the network together, each with an answer of its own.
#pragma once

#include <vector>

#include "runtime/call.h"
#include "runtime/cancel.h"
#include "runtime/engine.h"

namespace bigtransfer::runtime {

struct CallInput {
  const ForwardRequest* request;
  const CancelToken* token;
};

/// Whether the network can answer both in one run: the same size, type and outputs, and both of
/// pixel values or both of pictures.
bool run_alike(const ForwardRequest& a, const ForwardRequest& b);

/// Runs calls that are alike; an outcome for each, in their order, without times. What goes wrong
/// with one of them, and the cancelling of one, does not reach the others, and neither does the
/// number of them reach any bit of an answer of the CPU's.
std::vector<Outcome> run_calls(const Engine& engine, const std::vector<CallInput>& calls);

}  // namespace bigtransfer::runtime

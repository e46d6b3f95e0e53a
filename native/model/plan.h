// The inference execution of a topology: kernels standardised once at load, no gradients.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "model/run.h"
#include "model/topology.h"
#include "model/weights.h"

namespace bigtransfer::model {

class Plan {
 public:
  virtual ~Plan() = default;

  /// Safe to call from several threads at once. Throws Error kShape when the input does not fit the
  /// network.
  virtual RunResult run(const RunInput& input, const Wanted& wanted,
                        const RunControl& control) const = 0;

  /// Whether an image's output is the same to the last bit whatever other images there are.
  virtual bool takes_images_apart() const { return false; }

  /// Memory that it holds: weights and buffers.
  virtual int64_t bytes() const = 0;
};

/// The fastest plan that there is for this network, type and machine; reads every parameter of
/// `weights` once.
std::unique_ptr<const Plan> make_plan(Topology topology, const Weights& weights,
                                      at::ScalarType dtype);

/// The type in which make_plan()'s plan is fastest: bfloat16 only where the machine multiplies
/// that.
at::ScalarType fastest_type(const Topology& topology);

/// Throws Error kShape unless each part is a batch of images for the network.
void check_input(const NetworkSpec& spec, const RunInput& input);

/// How many stages must run for what is wanted: a backbone needs no more than its last map.
size_t stages_needed(const Topology& topology, const Wanted& wanted);

}  // namespace bigtransfer::model

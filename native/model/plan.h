// The inference execution of a topology: kernels standardised once at load, no gradients.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <vector>

#include "model/layer_clock.h"
#include "model/topology.h"
#include "model/weights.h"

namespace bigtransfer::model {

struct RunRequest {
  /// Floating [N, C, H, W].
  at::Tensor pixel_values;
  /// Further images after those, alike but for N, for plans that take images apart: they are read
  /// where they are.
  std::vector<at::Tensor> more;
  bool hidden_states;
  /// Indices into [stem, stage1, ...]; each once, ascending.
  std::vector<int64_t> feature_maps;
  /// Whether the final norm, pooling and classifier run.
  bool head;
  /// Times the layers, of one image after the other; null for full speed.
  LayerClock* clock;
  /// Asked before each block, perhaps from several threads, by plans that take images apart: an
  /// image that is left out goes no further, and its part of the outputs has no meaning. May be
  /// empty.
  std::function<bool(int64_t image)> left_out;
};

/// Undefined tensors and empty vectors where not asked for; all float32 and contiguous. Networks
/// with a classifier give logits, the others the last hidden state and its mean.
struct RunResult {
  at::Tensor last_hidden_state;
  at::Tensor pooler_output;
  at::Tensor logits;
  std::vector<at::Tensor> hidden_states;
  std::vector<at::Tensor> feature_maps;
};

class Plan {
 public:
  virtual ~Plan() = default;

  /// Safe to call from several threads at once. `between` is called before each convolution,
  /// perhaps from several threads, and may throw to stop the run; plans of GPUs, whose layers are
  /// started together, do not call it. Throws Error kShape when the input does not fit the network.
  virtual RunResult run(const RunRequest& request, const std::function<void()>& between) const = 0;

  /// Whether an image's output is the same to the last bit whatever other images there are.
  virtual bool takes_images_apart() const { return false; }

  /// Memory that it holds: weights and buffers.
  virtual int64_t bytes() const = 0;
};

/// The fastest plan that there is for this network, type and machine; reads every parameter of
/// `weights` once.
std::unique_ptr<const Plan> make_plan(Topology topology, const Weights& weights,
                                      at::ScalarType dtype);

/// All images of a request, copied if they are apart.
at::Tensor joined(const RunRequest& request);

/// Throws Error kShape unless `pixel_values` is a batch of images for the network.
void check_input(const NetworkSpec& spec, const at::Tensor& pixel_values);

/// How many stages must run for what is asked: a backbone needs no more than its last map.
size_t stages_needed(const Topology& topology, const RunRequest& request);

}  // namespace bigtransfer::model

// Which micro-batches on a device are recorded, and where those find what they depend on.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "training/learning_device.h"
#include "training/micro_step.h"

namespace bigtransfer::training {

/// Shapes and types of inputs: micro-batches that agree on them start the same work.
using StepKey = std::vector<std::pair<std::vector<int64_t>, at::ScalarType>>;

/// The way of micro-batches through one graph. What is seen for the second time is run where it can
/// be run again, and recorded; from the third time on it is replayed. Parameters and gradients stay
/// where they are meanwhile.
class RecordedSteps {
 public:
  /// What add_gradients() does, for inputs on the device.
  using AddGradients = std::function<at::Tensor(const StepInputs&)>;

  /// `device` outlives this.
  RecordedSteps(const LearningDevice& device, AddGradients add_gradients)
      : device_(device), add_gradients_(std::move(add_gradients)) {}

  /// The mean loss, once all is done; `inputs` are on the CPU. Throws what the work throws.
  double run(const StepInputs& inputs);
  /// Gives all recordings up, and records no more: memory is too short for them.
  void stop_recording();

 private:
  /// Inputs and loss in places of their own, which a recording reads and writes.
  struct Static {
    StepInputs inputs;
    at::Tensor loss;
  };
  struct Entry {
    StepKey key;
    std::unique_ptr<Static> places;
    /// Null before the second time, and for ever where recording failed.
    std::unique_ptr<RecordedWork> recording;
    bool has_failed = false;
  };

  /// On the device; within compute().
  StepInputs copies_of(const StepInputs& inputs) const;
  double run_as_it_is(const StepInputs& inputs);
  /// Runs it, and records it.
  double run_first(const StepInputs& inputs, Entry& entry);
  double replay(const StepInputs& inputs, Entry& entry);
  /// What is not recorded takes as much memory again as what is.
  void expect_room();
  double value_of(const at::Tensor& loss) const;

  const LearningDevice& device_;
  AddGradients add_gradients_;
  std::list<Entry> entries_;
  bool records_ = true;
};

}  // namespace bigtransfer::training

// Chooses between the two ways of the gradient by what a block can hold.
#include "ops/cuda/norm_gradient.h"

#include "ops/cuda/norm_gradient_kernels.h"

namespace bigtransfer::ops::cuda {
namespace {

/// On the chip x and the gradient lie side by side.
constexpr int64_t kMaps = 2;

int64_t sums_of(const NormGradientTask& task) { return task.images * 2 * task.channels; }

}  // namespace

NormShape shape_of(const NormGradientTask& task) {
  return {task.type, task.images, task.pixels, task.channels, task.groups};
}

NormPlan plan_norm_gradient(const NormGradientTask& task, const DeviceLimits& limits) {
  NormPlan plan = plan_blocks(shape_of(task), kMaps, limits);
  plan.scratch = sums_of(task);
  if (!plan.on_chip) plan.scratch += plan.chunks * sums_of(task) + task.images * task.groups * 2;
  return plan;
}

void norm_gradient(const NormGradientTask& task, const NormPlan& plan, float* scratch,
                   Stream stream) {
  NormGradientScratch own{.sums = scratch, .parts = nullptr, .means = nullptr};
  if (plan.on_chip) {
    gradient_on_chip(task, plan, own, stream);
  } else {
    own.parts = own.sums + sums_of(task);
    own.means = own.parts + plan.chunks * sums_of(task);
    gradient_in_passes(task, plan, own, stream);
  }
  add_up_parameters(task, own.sums, stream);
}

}  // namespace bigtransfer::ops::cuda

// Chooses between the two ways of a norm by what a block can hold.
#include "ops/cuda/group_norm_act.h"

#include "ops/cuda/group_norm_kernels.h"

namespace bigtransfer::ops::cuda {

NormShape shape_of(const NormTask& task) {
  return {task.type, task.images, task.pixels, task.channels, task.groups};
}

NormPlan plan_norm(const NormTask& task, const DeviceLimits& limits) {
  NormPlan plan = plan_blocks(shape_of(task), /*maps=*/1, limits);
  if (!plan.on_chip) plan.scratch = task.images * (plan.chunks + 1) * 2 * task.channels;
  return plan;
}

void group_norm_act(const NormTask& task, const NormPlan& plan, float* scratch, Stream stream) {
  if (plan.on_chip) return norm_on_chip(task, plan, stream);
  norm_in_passes(task, plan, scratch, stream);
}

}  // namespace bigtransfer::ops::cuda

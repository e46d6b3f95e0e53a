// Work that keeps nothing for the way back but its input (Chen et al. 2016, 1604.06174).
#pragma once

#include <ATen/ATen.h>

#include <functional>

namespace bigtransfer::training {

/// What `run` makes of x, followed by autograd. It is run once more on the way back, where it must
/// do the same; gradients of whatever else it reads are added up as ever. What it reads must
/// outlive the way back.
at::Tensor recomputed(std::function<at::Tensor(const at::Tensor&)> run, const at::Tensor& x);

}  // namespace bigtransfer::training

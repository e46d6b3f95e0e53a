// The three losses of transformers' image classifiers.
#pragma once

#include <ATen/ATen.h>

namespace bigtransfer::model {

enum class ProblemType { kRegression, kSingleLabel, kMultiLabel };

/// Target value that cross-entropy leaves out of the mean (PyTorch's default).
inline constexpr int64_t kIgnoreIndex = -100;

/// Mean loss over the batch, a scalar: squared error over values that broadcast to the logits,
/// cross-entropy over int64 or uint8 classes, N in any shape, or binary cross-entropy over floating
/// probabilities [N, labels]. `logits` is float32 [N, labels]. Throws Error kShape when the labels
/// do not fit: as torch does, and for classes that there are not.
at::Tensor loss(const at::Tensor& logits, const at::Tensor& labels, ProblemType problem);

/// Its first half, of labels on the CPU: throws what it throws for logits of this shape.
void check_labels(at::IntArrayRef logits, const at::Tensor& labels, ProblemType problem);
/// The other half, wherever both are; it waits for nothing.
at::Tensor loss_of_checked(const at::Tensor& logits, const at::Tensor& labels, ProblemType problem);

}  // namespace bigtransfer::model

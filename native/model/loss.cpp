// Checks labels, then calls ATen's losses.
#include "model/loss.h"

#include <sstream>

#include "common/error.h"

namespace bigtransfer::model {
namespace {

[[noreturn]] void fail(const std::string& expected, const at::Tensor& labels) {
  std::ostringstream text;
  text << "Expected " << expected << " for labels but received "
       << (labels.is_floating_point() ? "float32" : "int64") << " of shape " << labels.sizes();
  throw Error(ErrorCode::kShape, text.str());
}

at::Tensor regression_loss(const at::Tensor& logits, const at::Tensor& labels) {
  // One label may come as [N] or [N, 1]; several must match the logits.
  const bool one = logits.size(1) == 1;
  if (one ? labels.numel() != logits.numel() : labels.sizes() != logits.sizes()) {
    fail(one ? "one value per image" : "one row of values per image, as wide as the logits",
         labels);
  }
  return at::mse_loss(logits.flatten(), labels.to(at::kFloat).flatten());
}

at::Tensor single_label_loss(const at::Tensor& logits, const at::Tensor& labels) {
  if (labels.scalar_type() != at::kLong || labels.numel() != logits.size(0)) {
    fail("one int64 class per image", labels);
  }
  const at::Tensor classes = labels.flatten();
  const int64_t* values = classes.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < classes.numel(); ++i) {
    if (values[i] != kIgnoreIndex && (values[i] < 0 || values[i] >= logits.size(1))) {
      throw Error(ErrorCode::kShape, "Label " + std::to_string(values[i]) + " at index " +
                                         std::to_string(i) + " is not from 0 to " +
                                         std::to_string(logits.size(1) - 1));
    }
  }
  return at::cross_entropy_loss(logits, classes, {}, at::Reduction::Mean, kIgnoreIndex);
}

at::Tensor multi_label_loss(const at::Tensor& logits, const at::Tensor& labels) {
  if (labels.sizes() != logits.sizes()) {
    fail("one row of probabilities per image, as wide as the logits", labels);
  }
  return at::binary_cross_entropy_with_logits(logits, labels.to(at::kFloat), {}, {},
                                              at::Reduction::Mean);
}

}  // namespace

at::Tensor loss(const at::Tensor& logits, const at::Tensor& labels, ProblemType problem) {
  switch (problem) {
    case ProblemType::kRegression:
      return regression_loss(logits, labels);
    case ProblemType::kSingleLabel:
      return single_label_loss(logits, labels);
    case ProblemType::kMultiLabel:
      return multi_label_loss(logits, labels);
  }
  return {};
}

}  // namespace bigtransfer::model

// Checks labels, then calls ATen's losses.
#include "model/loss.h"

#include <ATen/ExpandUtils.h>

#include <sstream>

#include "common/error.h"

namespace bigtransfer::model {
namespace {

/// As JavaScript calls the types that it has.
const char* name_of(at::ScalarType type) {
  switch (type) {
    case at::kHalf:
      return "float16";
    case at::kBFloat16:
      return "bfloat16";
    case at::kByte:
      return "uint8";
    case at::kLong:
      return "int64";
    default:
      return "float32";
  }
}

[[noreturn]] void fail(const std::string& expected, const at::Tensor& labels) {
  std::ostringstream text;
  text << "Expected " << expected << " for labels but received " << name_of(labels.scalar_type())
       << " of shape " << labels.sizes();
  throw Error(ErrorCode::kShape, text.str());
}

/// Labels broadcast against the logits, as in torch: [labels] stands for every image. Of a single
/// label, sizes of 1 do not count.
at::Tensor regression_loss(const at::Tensor& logits, const at::Tensor& labels) {
  const bool one = logits.size(1) == 1;
  const at::Tensor values = one ? logits.squeeze() : logits;
  const at::Tensor targets = one ? labels.squeeze() : labels;
  if (!at::are_expandable(values.sizes(), targets.sizes())) {
    fail(one ? "one value per image" : "one row of values per image, as wide as the logits",
         labels);
  }
  return at::mse_loss(values, targets.to(at::kFloat));
}

at::Tensor single_label_loss(const at::Tensor& logits, const at::Tensor& labels) {
  // Bytes as well, as in torch.
  const bool whole = labels.scalar_type() == at::kLong || labels.scalar_type() == at::kByte;
  if (!whole || labels.numel() != logits.size(0)) fail("one int64 class per image", labels);
  const at::Tensor classes = labels.flatten().to(at::kLong);
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
  if (!labels.is_floating_point() || labels.sizes() != logits.sizes()) {
    fail("one row of floating-point probabilities per image, as wide as the logits,", labels);
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

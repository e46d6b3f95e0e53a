// Checks labels, then calls ATen's losses.
#include "model/loss.h"

#include <ATen/ExpandUtils.h>

#include <sstream>
#include <vector>

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

/// As squeeze() leaves them.
std::vector<int64_t> without_ones(at::IntArrayRef sizes) {
  std::vector<int64_t> left = sizes.vec();
  std::erase(left, 1);
  return left;
}

/// Labels broadcast against the logits, as in torch: [labels] stands for every image. Of a single
/// label, sizes of 1 do not count.
void check_values(at::IntArrayRef logits, const at::Tensor& labels) {
  const bool one = logits[1] == 1;
  const std::vector<int64_t> values = one ? without_ones(logits) : logits.vec();
  const std::vector<int64_t> targets = one ? without_ones(labels.sizes()) : labels.sizes().vec();
  if (!at::are_expandable(values, targets)) {
    fail(one ? "one value per image" : "one row of values per image, as wide as the logits",
         labels);
  }
}

void check_classes(at::IntArrayRef logits, const at::Tensor& labels) {
  // Bytes as well, as in torch.
  const bool whole = labels.scalar_type() == at::kLong || labels.scalar_type() == at::kByte;
  if (!whole || labels.numel() != logits[0]) fail("one int64 class per image", labels);
  const at::Tensor classes = labels.flatten().to(at::kLong);
  const int64_t* values = classes.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < classes.numel(); ++i) {
    if (values[i] != kIgnoreIndex && (values[i] < 0 || values[i] >= logits[1])) {
      throw Error(ErrorCode::kShape, "Label " + std::to_string(values[i]) + " at index " +
                                         std::to_string(i) + " is not from 0 to " +
                                         std::to_string(logits[1] - 1));
    }
  }
}

void check_probabilities(at::IntArrayRef logits, const at::Tensor& labels) {
  if (!labels.is_floating_point() || labels.sizes() != logits) {
    fail("one row of floating-point probabilities per image, as wide as the logits,", labels);
  }
}

}  // namespace

void check_labels(at::IntArrayRef logits, const at::Tensor& labels, ProblemType problem) {
  switch (problem) {
    case ProblemType::kRegression:
      return check_values(logits, labels);
    case ProblemType::kSingleLabel:
      return check_classes(logits, labels);
    case ProblemType::kMultiLabel:
      return check_probabilities(logits, labels);
  }
}

at::Tensor loss_of_checked(const at::Tensor& logits, const at::Tensor& labels,
                           ProblemType problem) {
  switch (problem) {
    case ProblemType::kRegression: {
      const bool one = logits.size(1) == 1;
      const at::Tensor targets = one ? labels.squeeze() : labels;
      return at::mse_loss(one ? logits.squeeze() : logits, targets.to(at::kFloat));
    }
    case ProblemType::kSingleLabel:
      return at::cross_entropy_loss(logits, labels.flatten().to(at::kLong), {}, at::Reduction::Mean,
                                    kIgnoreIndex);
    case ProblemType::kMultiLabel:
      return at::binary_cross_entropy_with_logits(logits, labels.to(at::kFloat), {}, {},
                                                  at::Reduction::Mean);
  }
  return {};
}

at::Tensor loss(const at::Tensor& logits, const at::Tensor& labels, ProblemType problem) {
  check_labels(logits.sizes(), labels, problem);
  return loss_of_checked(logits, labels, problem);
}

}  // namespace bigtransfer::model

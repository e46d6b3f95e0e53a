// Standardising is part of the weights: rows are multiplied as they are.
#include "training/linear.h"

#include "common/error.h"

namespace bigtransfer::training {

at::Tensor outputs_of(const Linear& linear, const at::Tensor& rows) {
  if (rows.dim() != 2 || rows.size(1) != linear.weight.size(1))
    throw Error(ErrorCode::kShape, "Features are not those that the head is for");
  return at::addmm(linear.bias, rows, linear.weight.t());
}

Linear unstandardised(const Linear& linear, const FeatureRows& features) {
  const at::Tensor weight = linear.weight / features.deviation();
  return {weight, linear.bias - at::mv(weight, features.mean())};
}

Misses misses_of(const at::Tensor& outputs, const at::Tensor& targets, model::ProblemType problem) {
  switch (problem) {
    case model::ProblemType::kSingleLabel: {
      const at::Tensor loss = at::cross_entropy_loss(outputs, targets, {}, at::Reduction::Sum);
      const at::Tensor hits = (outputs.argmax(1) == targets).sum();
      return {loss.item<double>(), hits.item<int64_t>()};
    }
    case model::ProblemType::kMultiLabel: {
      const at::Tensor loss =
          at::binary_cross_entropy_with_logits(outputs, targets, {}, {}, at::Reduction::Sum);
      return {loss.item<double>(), 0};
    }
    case model::ProblemType::kRegression:
      return {at::mse_loss(outputs, targets, at::Reduction::Sum).item<double>(), 0};
  }
  return {};
}

Misses misses_of(const Linear& linear, FeatureRows& features, const RowRanges& ranges,
                 const at::Tensor& targets, model::ProblemType problem) {
  const Linear plain = unstandardised(linear, features);
  Misses all{};
  features.visit(ranges, [&](const at::Tensor& rows, int64_t begin) {
    const at::Tensor outputs = outputs_of(plain, rows);
    const at::Tensor own = targets.slice(0, begin, begin + rows.size(0));
    const Misses misses = misses_of(outputs, own, problem);
    all.loss += misses.loss;
    all.hits += misses.hits;
  });
  return all;
}

}  // namespace bigtransfer::training

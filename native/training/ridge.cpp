// Cholesky's decomposition, of the smaller one of two systems that say the same.
#include "training/ridge.h"

#include <utility>
#include <vector>

namespace bigtransfer::training {

Ridge::Ridge(FeatureRows& features, RowRanges ranges, at::Tensor targets)
    : ranges_(std::move(ranges)), targets_(std::move(targets)), count_(count_of(ranges_)) {
  means_ = at::zeros({features.width()}, at::kDouble);
  target_means_ = at::zeros({targets_.size(1)}, at::kDouble);
  features.visit(ranges_, [&](const at::Tensor& rows, int64_t begin) {
    means_ += ((rows - features.mean()) / features.deviation()).sum(0);
    target_means_ += targets_.slice(0, begin, begin + rows.size(0)).sum(0);
  });
  means_ /= static_cast<double>(count_);
  target_means_ /= static_cast<double>(count_);
  if (is_dual())
    gather_kernel(features);
  else
    gather_products(features);
}

at::Tensor Ridge::centred(const FeatureRows& features, const at::Tensor& rows) const {
  return (rows - features.mean()).div_(features.deviation()).sub_(means_);
}

at::Tensor Ridge::centred_targets(int64_t begin, int64_t end) const {
  return targets_.slice(0, begin, end) - target_means_;
}

void Ridge::gather_products(FeatureRows& features) {
  products_ = at::zeros({features.width(), features.width()}, at::kDouble);
  right_ = at::zeros({features.width(), targets_.size(1)}, at::kDouble);
  features.visit(ranges_, [&](const at::Tensor& rows, int64_t begin) {
    const at::Tensor own = centred(features, rows);
    products_.addmm_(own.t(), own);
    right_.addmm_(own.t(), centred_targets(begin, begin + rows.size(0)));
  });
}

void Ridge::gather_kernel(FeatureRows& features) {
  std::vector<at::Tensor> parts;
  std::vector<at::Tensor> targets;
  features.visit(ranges_, [&](const at::Tensor& rows, int64_t begin) {
    parts.push_back(centred(features, rows));
    targets.push_back(centred_targets(begin, begin + rows.size(0)));
  });
  const at::Tensor all = at::cat(parts);
  products_ = at::mm(all, all.t());
  right_ = at::cat(targets);
}

Linear Ridge::solve(FeatureRows& features, double strength) const {
  at::Tensor system = products_.clone();
  system.diagonal().add_(strength * static_cast<double>(count_));
  at::Tensor weight = at::cholesky_solve(right_, at::linalg_cholesky(system));
  if (is_dual()) {
    const at::Tensor shares = weight;
    weight = at::zeros({features.width(), targets_.size(1)}, at::kDouble);
    int64_t first = 0;
    features.visit(ranges_, [&](const at::Tensor& rows, int64_t) {
      weight.addmm_(centred(features, rows).t(), shares.slice(0, first, first + rows.size(0)));
      first += rows.size(0);
    });
  }
  return {weight.t().contiguous(), target_means_ - at::mv(weight.t(), means_)};
}

}  // namespace bigtransfer::training

// float32 in memory, float64 as soon as anything is computed.
#include "training/feature_rows.h"

#include <algorithm>
#include <string>

#include "common/error.h"

namespace bigtransfer::training {
namespace {

/// Rows that go through a product together.
constexpr int64_t kBlock = 2048;
/// Bytes of float64 that are kept rather than made anew in each pass.
constexpr int64_t kLittle = int64_t{256} << 20;

int64_t first_at_least(const at::Tensor& folds, int64_t fold) {
  return at::searchsorted(folds, fold).item<int64_t>();
}

}  // namespace

int64_t count_of(const RowRanges& ranges) {
  int64_t count = 0;
  for (const auto& [begin, end] : ranges) count += end - begin;
  return count;
}

FeatureRows::FeatureRows(const at::Tensor& folds, int64_t width)
    : order_(at::argsort(folds, /*stable=*/true, 0, /*descending=*/false)),
      places_(at::empty_like(order_)),
      folds_(folds.index_select(0, order_)),
      rows_(at::empty({folds.size(0), width}, at::kFloat)) {
  places_.index_copy_(0, order_, at::arange(folds.size(0), at::kLong));
}

void FeatureRows::put(int64_t first, const at::Tensor& rows) {
  const int64_t end = first + rows.size(0);
  if (end > size() || rows.size(1) != width())
    throw Error(ErrorCode::kShape, "Expected features of " + std::to_string(size()) + " x " +
                                       std::to_string(width()) + " values in all");
  if (!at::isfinite(rows).all().item<bool>())
    throw Error(ErrorCode::kShape, "Features are not finite");
  rows_.index_copy_(0, places_.slice(0, first, end), rows);
  filled_ += rows.size(0);
}

void FeatureRows::measure() {
  if (filled_ != size())
    throw Error(ErrorCode::kShape, "Expected features of " + std::to_string(size()) +
                                       " examples but received " + std::to_string(filled_));
  if (rows_.numel() * static_cast<int64_t>(sizeof(double)) <= kLittle)
    rows_ = rows_.to(at::kDouble);
  const auto count = static_cast<double>(size());
  at::Tensor sum = at::zeros({width()}, at::kDouble);
  visit(all(), [&](const at::Tensor& rows, int64_t) { sum += rows.sum(0); });
  mean_ = sum / count;
  at::Tensor squares = at::zeros({width()}, at::kDouble);
  visit(all(), [&](const at::Tensor& rows, int64_t) { squares += (rows - mean_).square().sum(0); });
  deviation_ = (squares / count).sqrt();
  // What differs by rounding alone tells nothing, and would be blown up.
  const at::Tensor is_same = deviation_ <= 1e-7 * mean_.abs();
  deviation_.masked_fill_(is_same, 1);
}

RowRange FeatureRows::of(int64_t fold) const {
  return {first_at_least(folds_, fold), first_at_least(folds_, fold + 1)};
}

RowRanges FeatureRows::without(int64_t fold) const {
  const auto [begin, end] = of(fold);
  return {{0, begin}, {end, size()}};
}

void FeatureRows::visit(const RowRanges& ranges, const Visit& visit) {
  const bool is_double = rows_.scalar_type() == at::kDouble;
  if (!is_double && !block_.defined()) block_ = at::empty({kBlock, width()}, at::kDouble);
  for (const auto& [first, last] : ranges)
    for (int64_t begin = first; begin < last; begin += kBlock) {
      const int64_t end = std::min(begin + kBlock, last);
      const at::Tensor rows = rows_.slice(0, begin, end);
      visit(is_double ? rows : block_.slice(0, 0, end - begin).copy_(rows), begin);
    }
}

}  // namespace bigtransfer::training

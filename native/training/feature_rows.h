// Features of many examples: standardised, and in an order that makes the parts of a
// cross-validation ranges.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace bigtransfer::training {

/// Rows from `begin` to before `end`.
struct RowRange {
  int64_t begin;
  int64_t end;
};
using RowRanges = std::vector<RowRange>;

int64_t count_of(const RowRanges& ranges);

/// The fold of examples that every fit has.
inline constexpr int64_t kInEveryFit = -1;

class FeatureRows {
 public:
  /// Room for rows of `width` values, one for each of `folds`: int64 [N], kInEveryFit or more.
  FeatureRows(const at::Tensor& folds, int64_t width);

  /// Puts rows float32 [n, width] where those from `first` on belong, once each. Throws Error
  /// kShape for more than there is room for, and for values that are not finite.
  void put(int64_t first, const at::Tensor& rows);
  /// Once all are there: mean and deviation of each column. Throws Error kShape where some are not.
  void measure();

  int64_t size() const { return order_.size(0); }
  int64_t width() const { return rows_.size(1); }
  /// One value of each example [N, …] in the order of the rows.
  at::Tensor arranged(const at::Tensor& values) const { return values.index_select(0, order_); }

  RowRanges all() const { return {{0, size()}}; }
  RowRange of(int64_t fold) const;
  RowRanges without(int64_t fold) const;

  /// float64 [width] each; the deviation of a column that is the same everywhere is 1.
  const at::Tensor& mean() const { return mean_; }
  const at::Tensor& deviation() const { return deviation_; }

  /// What one block of rows is given: float64 [n, width], as they are, and where they begin. It has
  /// them for the call.
  using Visit = std::function<void(const at::Tensor& rows, int64_t begin)>;
  /// Block by block, in order: the same blocks each time.
  void visit(const RowRanges& ranges, const Visit& visit);

 private:
  /// By fold: which example each row is, and the row of each example.
  at::Tensor order_;
  at::Tensor places_;
  at::Tensor folds_;
  /// float32, or float64 where that is little.
  at::Tensor rows_;
  int64_t filled_ = 0;
  at::Tensor block_;
  at::Tensor mean_;
  at::Tensor deviation_;
};

}  // namespace bigtransfer::training

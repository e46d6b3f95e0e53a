// Folds, what is measured of them, and what is refused.
#include "training/head_fitter.h"

#include <cmath>

#include "check.h"
#include "common/error.h"

using namespace bigtransfer;
using namespace bigtransfer::training;
using model::ProblemType;

namespace {

constexpr int64_t kCount = 40;
constexpr int64_t kWidth = 6;

void nothing() {}

at::Tensor values() {
  at::manual_seed(3);
  return at::randn({kCount, kWidth}) + 2;
}

HeadFitterRequest request_of(ProblemType problem, int64_t outputs, const at::Tensor& targets) {
  return {.problem = problem,
          .width = kWidth,
          .outputs = outputs,
          .targets = targets,
          .folds = at::arange(kCount, at::kLong).remainder(5) - 1};
}

at::Tensor classes() { return (values().select(1, 0) > 2).to(at::kLong); }

}  // namespace

TEST("a head says of features what was measured") {
  HeadFitter fitter(request_of(ProblemType::kSingleLabel, 2, classes()));
  fitter.put(0, values().slice(0, 0, 15));
  fitter.put(15, values().slice(0, 15));
  const FittedHead head = fitter.fit({kInEveryFit, 1e-2, 1e-10}, nothing);
  const at::Tensor outputs = at::addmm(head.bias, values(), head.weight.t());
  const double loss = at::cross_entropy_loss(outputs, classes()).item<double>();
  EXPECT(std::abs(loss - head.mean_loss) < 1e-5);
  EXPECT(head.iterations > 0);
  EXPECT((outputs.argmax(1) == classes()).sum().item<int64_t>() >= 38);
}

TEST("a fold is measured by a fit without it") {
  HeadFitter fitter(request_of(ProblemType::kSingleLabel, 2, classes()));
  fitter.put(0, values());
  const at::Tensor folds = at::arange(kCount, at::kLong).remainder(5) - 1;
  const auto rest = [&](const at::Tensor& all) { return all.index({folds != 2}); };
  // The same examples alone, but standardised by all of them.
  const FoldScore score = fitter.score({2, 1e-1, 1e-12}, nothing);
  EXPECT(score.examples == 8);
  EXPECT(score.hits >= 6 && score.hits <= 8);
  FeatureRows all(at::zeros({kCount}, at::kLong), kWidth);
  all.put(0, values());
  all.measure();
  const at::Tensor x = (values().to(at::kDouble) - all.mean()) / all.deviation();
  at::Tensor weight = at::zeros({2, kWidth}, at::kDouble);
  at::Tensor bias = at::zeros({2}, at::kDouble);
  const at::Tensor wanted = at::one_hot(rest(classes()), 2).to(at::kDouble);
  for (int i = 0; i < 20000; ++i) {
    const at::Tensor errors = at::softmax(at::addmm(bias, rest(x), weight.t()), 1) - wanted;
    weight -= 0.2 * (at::mm(errors.t(), rest(x)) / 32 + 0.1 * weight);
    bias -= 0.2 * errors.mean(0);
  }
  const at::Tensor outputs = at::addmm(bias, x.index({folds == 2}), weight.t());
  const double loss = at::cross_entropy_loss(outputs, classes().index({folds == 2})).item<double>();
  EXPECT(std::abs(loss - score.mean_loss) < 1e-6);
}

TEST("values and labels have mean losses over all of their outputs") {
  const at::Tensor targets = at::stack({values().select(1, 0), values().select(1, 1)}, 1);
  HeadFitter ridge(request_of(ProblemType::kRegression, 2, targets));
  ridge.put(0, values());
  const FittedHead line = ridge.fit({kInEveryFit, 1e-9, 0}, nothing);
  EXPECT(line.mean_loss < 1e-9 && line.iterations == 0);
  EXPECT(at::allclose(at::addmm(line.bias, values(), line.weight.t()), targets, 1e-4, 1e-4));
  EXPECT(ridge.score({0, 100.0, 0}, nothing).mean_loss > 0.3);
  HeadFitter labels(request_of(ProblemType::kMultiLabel, 2, (targets > 2).to(at::kFloat)));
  labels.put(0, values());
  const FoldScore even = labels.score({1, 1e6, 1e-12}, nothing);
  EXPECT(std::abs(even.mean_loss - std::log(2.0)) < 0.1);
  EXPECT(labels.score({1, 1e-2, 1e-8}, nothing).mean_loss < even.mean_loss);
}

TEST("what does not fit is refused") {
  const auto open = [](ProblemType problem, int64_t outputs, const at::Tensor& targets) {
    return HeadFitter(request_of(problem, outputs, targets));
  };
  EXPECT_THROWS(open(ProblemType::kSingleLabel, 1, classes()), ErrorCode::kShape, "from 0 to 0");
  EXPECT_THROWS(open(ProblemType::kSingleLabel, 2, classes().slice(0, 1)), ErrorCode::kShape,
                "a class for each");
  EXPECT_THROWS(open(ProblemType::kMultiLabel, 3, at::zeros({kCount, 2})), ErrorCode::kShape,
                "3 finite numbers");
  EXPECT_THROWS(open(ProblemType::kRegression, 2, at::full({kCount, 2}, NAN)), ErrorCode::kShape,
                "finite");
  HeadFitter fitter(request_of(ProblemType::kSingleLabel, 2, classes()));
  EXPECT_THROWS(fitter.fit({kInEveryFit, 1, 1}, nothing), ErrorCode::kShape, "received 0");
  fitter.put(0, values());
  EXPECT_THROWS(fitter.score({9, 1, 1}, nothing), ErrorCode::kShape, "no fold 9");
  fitter.fit({kInEveryFit, 1, 1}, nothing);
  EXPECT_THROWS(fitter.put(0, values()), ErrorCode::kShape, "before fits");
}

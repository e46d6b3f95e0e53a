// A micro-batch's loss and gradients against those of MixUp written out, and what is refused.
#include "training/micro_step.h"

#include "check.h"
#include "common/error.h"
#include "small_learning.h"

using namespace bigtransfer;
using namespace bigtransfer::test;
using namespace bigtransfer::training;

namespace {

constexpr auto kProblem = model::ProblemType::kSingleLabel;

std::vector<at::Tensor> gradients(const Graph& graph) {
  std::vector<at::Tensor> all;
  for (const Parameter& each : graph.parameters())
    if (each.value.grad().defined()) all.push_back(each.value.grad());
  return all;
}

}  // namespace

TEST("micro-step: MixUp as it is written, weighted, added to what is there") {
  const Graph graph = learning_graph();
  const Graph plain = learning_graph();
  for (const int64_t number : {3, 4}) {
    const MicroBatch batch = numbered_batch(number, 4, true);
    const at::Tensor loss = add_gradients(graph, step_inputs(batch, graph, kProblem), kProblem);

    const double lambda = batch.mixing->lambda;
    const at::Tensor& partners = batch.mixing->partners;
    const at::Tensor images =
        batch.images.slice(0, 0, 4) * lambda + batch.images.index({partners}) * (1 - lambda);
    const at::Tensor logits =
        plain.logits(images, path_factors(plain.path_rates(), 4, batch.draws));
    const at::Tensor expected =
        at::cross_entropy_loss(logits, batch.labels.slice(0, 0, 4)) * lambda +
        at::cross_entropy_loss(logits, batch.labels.index({partners})) * (1 - lambda);
    (expected * batch.weight).backward();
    EXPECT(at::equal(loss, expected.detach()));
    EXPECT(!loss.requires_grad());
  }
  const std::vector<at::Tensor> made = gradients(graph);
  const std::vector<at::Tensor> wanted = gradients(plain);
  EXPECT(made.size() == wanted.size() && !made.empty());
  for (size_t i = 0; i < made.size(); ++i) EXPECT(at::equal(made[i], wanted[i]));
}

TEST("micro-step: what does not fit is refused before anything is computed") {
  const Graph graph = learning_graph();
  MicroBatch batch = numbered_batch(1, 2, true);
  batch.labels = at::tensor({0, 1, 7}, at::kLong);
  // Of the third, which is mixed in alone.
  EXPECT_THROWS(step_inputs(batch, graph, kProblem), ErrorCode::kShape, "Label 7 at index 0");
  batch.labels = at::tensor({0, 9, 1}, at::kLong);
  EXPECT_THROWS(step_inputs(batch, graph, kProblem), ErrorCode::kShape, "Label 9 at index 1");
  batch.labels = at::tensor({0, 1}, at::kLong).unsqueeze(0).expand({3, 2});
  EXPECT_THROWS(step_inputs(batch, graph, kProblem), ErrorCode::kShape, "one int64 class");
  batch = numbered_batch(1, 2, false);
  batch.images = at::zeros({2, 4, 32, 32});
  EXPECT_THROWS(step_inputs(batch, graph, kProblem), ErrorCode::kShape, "[N, 3, H, W]");
}

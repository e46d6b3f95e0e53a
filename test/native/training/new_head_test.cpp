// The trunk stays as it is, bit for bit.
#include "training/new_head.h"

#include "check.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/fixtures.h"
#include "common/error.h"
#include "model/small_spec.h"
#include "model/topology.h"

using namespace bigtransfer;
using namespace bigtransfer::training;

namespace {

model::NetworkSpec spec_of(int64_t labels) {
  model::NetworkSpec spec = test::small_spec();
  spec.num_labels = labels;
  return spec;
}

NewHeadRequest request_of(int64_t labels, std::vector<std::string> files) {
  return {.spec = spec_of(labels),
          .prefix = "bit.",
          .source = {.files = std::move(files), .allowed = {true, false}, .seed = 5},
          .weight = at::randn({labels, 24}),
          .bias = at::randn({labels})};
}

}  // namespace

TEST("a file has the trunk of the one before, and the new head") {
  const checkpoint::test::TempDir dir;
  NewHeadRequest first = request_of(7, {});
  save_with_head(first, dir.path("first.safetensors"));
  const NewHeadRequest second = request_of(3, {dir.path("first.safetensors")});
  save_with_head(second, dir.path("second.safetensors"));
  const auto before = checkpoint::Checkpoint::open({dir.path("first.safetensors")});
  const auto after = checkpoint::Checkpoint::open({dir.path("second.safetensors")});
  EXPECT(before.tensors().size() == after.tensors().size());
  int64_t same = 0;
  for (const auto& each : before.tensors())
    if (!each.name.starts_with("classifier"))
      same += at::equal(before.tensor(each.name), after.tensor(each.name)) ? 1 : 0;
  EXPECT(same == static_cast<int64_t>(before.tensors().size()) - 2);
  EXPECT(at::equal(after.tensor("classifier.1.weight"), second.weight));
  EXPECT(at::equal(after.tensor("classifier.1.bias"), second.bias));
}

TEST("a head of another size is refused, and nothing is written") {
  const checkpoint::test::TempDir dir;
  NewHeadRequest request = request_of(7, {});
  request.weight = at::randn({7, 23});
  EXPECT_THROWS(save_with_head(request, dir.path("out.safetensors")), ErrorCode::kShape,
                "classifier.1.weight is of another size");
  EXPECT(!std::filesystem::exists(dir.path("out.safetensors")));
}

// A checkpoint's tensors as a network's parameters: names, shapes, types, and what is drawn
// instead.
#include "model/weights.h"

#include <map>

#include "check.h"
#include "checkpoint/fixtures.h"
#include "checkpoint/safetensors_writer.h"
#include "common/error.h"
#include "model/small_spec.h"

using namespace bigtransfer;
using namespace bigtransfer::model;
using checkpoint::test::TempDir;

namespace {

constexpr uint64_t kSeed = 5;
constexpr Lacks kNothing{.mismatched_sizes = false, .most_keys = false};
constexpr Lacks kAnything{.mismatched_sizes = true, .most_keys = true};

using Tensors = std::map<std::string, at::Tensor>;

std::vector<ParameterSpec> small_parameters() {
  return parameters(make_topology(test::small_spec(), "bit."));
}

/// The state dict of the small network, drawn with another seed than the tests'.
Tensors whole_checkpoint() {
  Tensors tensors;
  for (const ParameterSpec& each : small_parameters())
    tensors.emplace(each.name, initialize(each, kSeed + 1));
  return tensors;
}

Weights read(const TempDir& dir, const Tensors& tensors, const Lacks& allowed) {
  const std::string path = dir.path("m.safetensors");
  checkpoint::write_safetensors(path, {tensors.begin(), tensors.end()}, {});
  return Weights::read(small_parameters(), {{path}, allowed, kSeed});
}

const std::string kHead = "classifier.1.weight";
const std::string kStem = "bit.embedder.convolution.weight";

}  // namespace

TEST("weights: a whole checkpoint gives each parameter, and holds no memory") {
  const TempDir dir;
  const Tensors file = whole_checkpoint();
  const Weights weights = read(dir, file, kNothing);
  for (const auto& [name, tensor] : file) {
    EXPECT(weights.lend(name).read().equal(tensor));
    EXPECT(weights.copy(name).equal(tensor));
  }
  const LoadingInfo& info = weights.loading_info();
  EXPECT(info.missing.empty() && info.unexpected.empty() && info.mismatched.empty());
  EXPECT(weights.bytes() == 0);
}

TEST("weights: without files everything is drawn, the same for the same seed") {
  const Weights weights = Weights::read(small_parameters(), {{}, kNothing, kSeed});
  int64_t bytes = 0;
  for (const ParameterSpec& each : small_parameters()) {
    EXPECT(weights.lend(each.name).read().equal(initialize(each, kSeed)));
    bytes += static_cast<int64_t>(initialize(each, kSeed).nbytes());
  }
  EXPECT(weights.bytes() == bytes);
}

TEST("weights: a copy is memory of its own, of what was drawn and of what was read") {
  const TempDir dir;
  Tensors file = whole_checkpoint();
  file.erase(kHead);
  const Weights weights = read(dir, file, kNothing);
  for (const std::string& name : {kHead, kStem}) {
    const at::Tensor before = weights.lend(name).read().clone();
    weights.copy(name).zero_();
    EXPECT(weights.lend(name).read().equal(before));
  }
}

TEST("weights: a trunk with and without its prefix") {
  const TempDir dir;
  Tensors file;
  for (const auto& [name, tensor] : whole_checkpoint())
    file.emplace(name.starts_with("bit.") ? name.substr(4) : name, tensor);
  const Weights weights = read(dir, file, kNothing);
  EXPECT(weights.loading_info().missing.empty() && weights.loading_info().unexpected.empty());
  EXPECT(weights.lend(kStem).read().equal(file.at(kStem.substr(4))));
}

TEST("weights: what a checkpoint lacks is drawn, and what it has too much is told") {
  const TempDir dir;
  Tensors file = whole_checkpoint();
  file.erase(kHead);
  file.emplace("other.weight", at::ones({3}));
  const Weights weights = read(dir, file, kNothing);
  EXPECT(weights.loading_info().missing == std::vector<std::string>{kHead});
  EXPECT(weights.loading_info().unexpected == std::vector<std::string>{"other.weight"});
  for (const ParameterSpec& each : small_parameters()) {
    if (each.name == kHead) EXPECT(weights.copy(kHead).equal(initialize(each, kSeed)));
  }
  EXPECT(weights.bytes() == static_cast<int64_t>(weights.copy(kHead).nbytes()));
}

TEST("weights: another shape is refused, or drawn where that is allowed") {
  const TempDir dir;
  Tensors file = whole_checkpoint();
  file.at(kHead) = at::ones({3, 24});
  EXPECT_THROWS(read(dir, file, kNothing), ErrorCode::kCheckpoint,
                "classifier.1.weight is [3, 24] in the checkpoint but [7, 24] in the model");
  const Weights weights = read(dir, file, {.mismatched_sizes = true, .most_keys = false});
  const auto& mismatched = weights.loading_info().mismatched;
  EXPECT(mismatched.size() == 1 && mismatched[0].name == kHead);
  EXPECT((mismatched[0].checkpoint_shape == std::vector<int64_t>{3, 24}));
  EXPECT((mismatched[0].model_shape == std::vector<int64_t>{7, 24}));
  EXPECT(weights.loading_info().missing.empty());
}

TEST("weights: half of the trunk may be missing, and no more of it unless that is allowed") {
  const TempDir dir;
  Tensors file = whole_checkpoint();
  double total = 0;
  for (const auto& [name, tensor] : file) total += name == kHead ? 0 : double(tensor.numel());
  double left_out = 0;
  for (auto next = file.begin(); next != file.end() && left_out <= total / 2;) {
    const bool is_trunk = next->first.starts_with("bit.");
    if (is_trunk) left_out += double(next->second.numel());
    next = is_trunk ? file.erase(next) : std::next(next);
  }
  EXPECT_THROWS(read(dir, file, kNothing), ErrorCode::kCheckpoint, "ignoreMissingKeys: true");
  EXPECT(!read(dir, file, kAnything).loading_info().missing.empty());
  file.emplace(kStem, whole_checkpoint().at(kStem));
  EXPECT_THROWS(read(dir, {{"a", at::ones({2})}}, kNothing), ErrorCode::kCheckpoint,
                "None of the checkpoint's 1 tensors belongs to a BiT model (its first is 'a')");
}

TEST("weights: any floating type becomes float32, and whole numbers are refused") {
  const TempDir dir;
  for (const at::ScalarType type : {at::kDouble, at::kHalf, at::kBFloat16}) {
    Tensors file = whole_checkpoint();
    file.at(kStem) = file.at(kStem).to(type);
    EXPECT(read(dir, file, kNothing).copy(kStem).equal(file.at(kStem).to(at::kFloat)));
  }
  Tensors file = whole_checkpoint();
  file.at(kStem) = file.at(kStem).to(at::kLong);
  EXPECT_THROWS(read(dir, file, kAnything), ErrorCode::kCheckpoint,
                "weights must be float64, float32, float16 or bfloat16");
}

TEST("weights: more than the machine's memory is refused before it is drawn") {
  NetworkSpec spec = test::small_spec();
  spec.width_factor = 1e5;
  EXPECT_THROWS(Weights(parameters(make_topology(spec, "")), kSeed), ErrorCode::kOutOfMemory,
                "GB of memory");
}

// Matching of names and shapes as transformers' from_pretrained does it.
#include "model/weights.h"

#include <unistd.h>

#include <algorithm>
#include <iomanip>
#include <set>
#include <sstream>

#include "common/error.h"

namespace bigtransfer::model {
namespace {

const std::string kTrunkPrefix = "bit.";
const std::string kHeadPrefix = "classifier.";
/// Mismatches named in an error; more are counted.
constexpr size_t kNamedMismatches = 3;
/// Share of the trunk that may be drawn at random where a checkpoint lacks it.
constexpr double kMostMissing = 0.5;

bool starts_with(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

/// How the file would name the model's `name`, given whether its trunk is prefixed.
std::string name_in_file(const std::string& name, bool file_is_prefixed) {
  if (starts_with(name, kHeadPrefix)) return name;
  const bool prefixed = starts_with(name, kTrunkPrefix);
  if (prefixed == file_is_prefixed) return name;
  return prefixed ? name.substr(kTrunkPrefix.size()) : kTrunkPrefix + name;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::ostringstream text;
  text << '[';
  for (size_t i = 0; i < shape.size(); ++i) text << (i ? ", " : "") << shape[i];
  text << ']';
  return text.str();
}

double values_of(const ParameterSpec& parameter) {
  double values = 1;
  for (const int64_t size : parameter.shape) values *= static_cast<double>(size);
  return values;
}

double memory_of_machine() {
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// Before minutes of drawing numbers that the system ends the process for.
void refuse_beyond_memory(const std::vector<ParameterSpec>& parameters) {
  double bytes = 0;
  for (const ParameterSpec& each : parameters) bytes += values_of(each) * sizeof(float);
  if (bytes <= memory_of_machine()) return;
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << "The model's weights take " << bytes / 1e9
       << " GB, and this machine has " << memory_of_machine() / 1e9
       << " GB of memory: lower the config's hidden_sizes, depths or width_factor";
  throw Error(ErrorCode::kOutOfMemory, text.str());
}

}  // namespace

Weights::Weights(std::vector<ParameterSpec> parameters, uint64_t seed)
    : parameters_(std::move(parameters)) {
  refuse_beyond_memory(parameters_);
  for (const ParameterSpec& each : parameters_) {
    in_memory_.emplace(each.name, initialize(each, seed));
  }
}

Weights::Weights(std::vector<ParameterSpec> parameters, uint64_t seed, checkpoint::Checkpoint file,
                 const Lacks& allowed)
    : parameters_(std::move(parameters)),
      file_(std::make_unique<checkpoint::Checkpoint>(std::move(file))) {
  match(allowed);
  for (const ParameterSpec& each : parameters_) {
    if (!in_file_.contains(each.name)) in_memory_.emplace(each.name, initialize(each, seed));
  }
}

Weights Weights::read(std::vector<ParameterSpec> parameters, const WeightsSource& source) {
  if (source.files.empty()) return {std::move(parameters), source.seed};
  return {std::move(parameters), source.seed, checkpoint::Checkpoint::open(source.files),
          source.allowed};
}

void Weights::match(const Lacks& allowed) {
  std::map<std::string, const checkpoint::TensorInfo*> available;
  bool prefixed = false;
  for (const checkpoint::TensorInfo& tensor : file_->tensors()) {
    available.emplace(tensor.name, &tensor);
    prefixed = prefixed || starts_with(tensor.name, kTrunkPrefix);
  }
  for (const ParameterSpec& each : parameters_) {
    const auto found = available.find(name_in_file(each.name, prefixed));
    if (found == available.end()) {
      info_.missing.push_back(each.name);
      continue;
    }
    const checkpoint::TensorInfo& tensor = *found->second;
    available.erase(found);
    if (tensor.shape != each.shape) {
      info_.mismatched.push_back({each.name, tensor.shape, each.shape});
    } else if (!at::isFloatingType(tensor.dtype)) {
      throw Error(ErrorCode::kCheckpoint, "Tensor '" + tensor.name + "' holds " +
                                              tensor.dtype_name +
                                              " values; weights must be float64, float32, "
                                              "float16 or bfloat16");
    } else {
      in_file_.emplace(each.name, tensor.name);
    }
  }
  for (const checkpoint::TensorInfo& tensor : file_->tensors()) {
    if (available.contains(tensor.name)) info_.unexpected.push_back(tensor.name);
  }
  if (!allowed.most_keys) refuse_foreign();
  if (!allowed.mismatched_sizes && !info_.mismatched.empty()) refuse_mismatched();
}

void Weights::refuse_foreign() const {
  if (info_.missing.size() == parameters_.size()) {
    throw Error(ErrorCode::kCheckpoint,
                "None of the checkpoint's " + std::to_string(file_->tensors().size()) +
                    " tensors belongs to a BiT model (its first is '" +
                    (file_->tensors().empty() ? "" : file_->tensors().front().name) + "')");
  }
  const std::set<std::string> missing(info_.missing.begin(), info_.missing.end());
  double lacking = 0;
  double total = 0;
  for (const ParameterSpec& each : parameters_) {
    if (starts_with(each.name, kHeadPrefix)) continue;
    total += values_of(each);
    if (missing.contains(each.name)) lacking += values_of(each);
  }
  if (lacking <= kMostMissing * total) return;
  throw Error(ErrorCode::kCheckpoint, "The checkpoint lacks " + std::to_string(missing.size()) +
                                          " of the model's " + std::to_string(parameters_.size()) +
                                          " tensors (the first is '" + info_.missing.front() +
                                          "'): it does not belong to this config. Pass "
                                          "ignoreMissingKeys: true to start those afresh");
}

void Weights::refuse_mismatched() const {
  std::ostringstream text;
  const size_t named = std::min(kNamedMismatches, info_.mismatched.size());
  for (size_t i = 0; i < named; ++i) {
    const MismatchedKey& key = info_.mismatched[i];
    text << (i ? "; " : "") << key.name << " is " << shape_text(key.checkpoint_shape)
         << " in the checkpoint but " << shape_text(key.model_shape) << " in the model";
  }
  if (info_.mismatched.size() > named)
    text << "; and " << info_.mismatched.size() - named << " more";
  throw Error(ErrorCode::kCheckpoint,
              "Sizes differ: " + text.str() +
                  ". Pass ignoreMismatchedSizes: true to start those parameters afresh");
}

at::Tensor Weights::view(const std::string& name) const {
  const auto kept = in_memory_.find(name);
  if (kept != in_memory_.end()) return kept->second;
  return file_->tensor(in_file_.at(name)).to(at::kFloat);
}

LentTensor Weights::lend(const std::string& name) const {
  const auto found = in_file_.find(name);
  if (found == in_file_.end()) return {view(name), {}};
  return {view(name), [this, &in_file = found->second] { file_->discard(in_file); }};
}

at::Tensor Weights::copy(const std::string& name) const {
  return lend(name).read().clone(at::MemoryFormat::Contiguous);
}

int64_t Weights::bytes() const {
  int64_t total = 0;
  for (const auto& [name, tensor] : in_memory_) total += static_cast<int64_t>(tensor.nbytes());
  return total;
}

}  // namespace bigtransfer::model

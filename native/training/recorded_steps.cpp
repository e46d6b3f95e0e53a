// Recording comes after a run that counts, so that it may fail.
#include "training/recorded_steps.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace bigtransfer::training {
namespace {

/// A run has two sizes of micro-batches, three at most; others are not worth their memory.
constexpr size_t kMostEntries = 4;

StepKey key_of(StepInputs inputs) {
  StepKey key;
  inputs.for_each_beside(inputs, [&](const at::Tensor&, const at::Tensor& own) {
    if (own.defined())
      key.emplace_back(own.sizes().vec(), own.scalar_type());
    else
      key.emplace_back(std::vector<int64_t>{-1}, at::ScalarType::Undefined);
  });
  return key;
}

}  // namespace

double RecordedSteps::run(const StepInputs& inputs) {
  if (!records_) return run_as_it_is(inputs);
  const StepKey key = key_of(inputs);
  const auto found = std::ranges::find(entries_, key, &Entry::key);
  if (found == entries_.end()) {
    expect_room();
    if (entries_.size() < kMostEntries) entries_.push_back({key, nullptr, nullptr});
    return run_as_it_is(inputs);
  }
  if (found->recording) return replay(inputs, *found);
  return found->has_failed ? run_as_it_is(inputs) : run_first(inputs, *found);
}

void RecordedSteps::stop_recording() {
  records_ = false;
  device_.run([&] { entries_.clear(); });
}

StepInputs RecordedSteps::copies_of(const StepInputs& inputs) const {
  StepInputs copies;
  copies.for_each_beside(inputs, [&](const at::Tensor& given, at::Tensor& own) {
    if (given.defined()) own = device_.copy_of(given);
  });
  return copies;
}

double RecordedSteps::run_as_it_is(const StepInputs& inputs) {
  at::Tensor loss;
  device_.compute([&] { loss = add_gradients_(copies_of(inputs)); });
  return value_of(loss);
}

double RecordedSteps::run_first(const StepInputs& inputs, Entry& entry) {
  auto places = std::make_unique<Static>();
  const Work work = [this, &to = *places] { to.loss.copy_(add_gradients_(to.inputs)); };
  device_.compute([&] {
    places->inputs = copies_of(inputs);
    places->loss = at::empty({}, at::TensorOptions(device_.device()).dtype(at::kFloat));
    work();
  });
  const double loss = value_of(places->loss);
  try {
    device_.run([&] { entry.recording = device_.record(work); });
    entry.places = std::move(places);
  } catch (const std::exception&) {  // it goes without, and says itself what is wrong, if it is
    entry.has_failed = true;
  }
  return loss;
}

double RecordedSteps::replay(const StepInputs& inputs, Entry& entry) {
  device_.run([&] {
    entry.places->inputs.for_each_beside(inputs, [&](const at::Tensor& given, at::Tensor& own) {
      if (given.defined()) device_.write(given, own);
    });
    entry.recording->replay();
  });
  return value_of(entry.places->loss);
}

void RecordedSteps::expect_room() {
  int64_t largest = 0;
  for (const Entry& each : entries_)
    if (each.recording) largest = std::max(largest, each.recording->bytes());
  if (largest > 0 && device_.free_memory() < largest) stop_recording();
}

double RecordedSteps::value_of(const at::Tensor& loss) const {
  double value = 0;
  device_.run([&] {
    device_.wait();
    value = loss.item<double>();
  });
  return value;
}

}  // namespace bigtransfer::training

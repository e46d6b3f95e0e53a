// A device that is the CPU, with recordings that only work as a GPU's do: on the same memory.
#pragma once

#include <set>
#include <vector>

#include "check.h"
#include "runtime/fake_plan.h"
#include "training/learning_device.h"

namespace bigtransfer::test {

/// What becomes of the calls, and what goes wrong; outlives the device.
struct DeviceLog {
  /// What recordings must find where it was, besides what copy_of() gave.
  std::function<std::vector<const void*>()> addresses = [] { return std::vector<const void*>(); };
  bool recording_fails = false;
  /// Called before each work that computes.
  std::function<void()> before = [] {};
  int64_t free = int64_t{1} << 40;
  int64_t recording_bytes = 1;

  int computed = 0;
  int recorded = 0;
  int replayed = 0;
  int alive = 0;
  int released = 0;
  /// Of the copies of the last work, and those among them that have been written since.
  std::set<const void*> copies;
  std::set<const void*> written;
};

/// Runs the work once more, and reports where a graph of CUDA's would read or write elsewhere.
class FakeRecordedWork final : public training::RecordedWork {
 public:
  FakeRecordedWork(DeviceLog& log, training::Work work)
      : log_(log), work_(std::move(work)), copies_(log.copies), addresses_(log.addresses()) {
    ++log_.alive;
  }
  ~FakeRecordedWork() override { --log_.alive; }

  void replay() override {
    ++log_.replayed;
    EXPECT(log_.written == copies_);
    EXPECT(log_.addresses() == addresses_);
    log_.written.clear();
    work_();
  }
  int64_t bytes() const override { return log_.recording_bytes; }

 private:
  DeviceLog& log_;
  training::Work work_;
  std::set<const void*> copies_;
  std::vector<const void*> addresses_;
};

class FakeDevice final : public training::LearningDevice {
 public:
  explicit FakeDevice(DeviceLog& log) : log_(log) {}

  at::Device device() const override { return at::kCPU; }
  void run(const training::Work& work) const override { work(); }
  void compute(const training::Work& work) const override {
    ++log_.computed;
    log_.copies.clear();
    log_.before();
    work();
  }
  at::Tensor copy_of(const at::Tensor& values) const override {
    at::Tensor copy = values.clone();
    log_.copies.insert(copy.const_data_ptr());
    return copy;
  }
  void write(const at::Tensor& values, const at::Tensor& target) const override {
    log_.written.insert(target.const_data_ptr());
    target.copy_(values);
  }
  std::unique_ptr<training::RecordedWork> record(const training::Work& work) const override {
    ++log_.recorded;
    if (log_.recording_fails) run_out_of_memory();
    return std::make_unique<FakeRecordedWork>(log_, work);
  }
  void wait() const override {}
  int64_t free_memory() const override { return log_.free; }
  void release_memory() const override { ++log_.released; }

 private:
  DeviceLog& log_;
};

}  // namespace bigtransfer::test

// Calls on the CPU.
#pragma once

#include <memory>
#include <utility>

#include "runtime/engine.h"

namespace bigtransfer::runtime {

/// A plan's engine; pictures are for GPUs, and it has none.
class CpuEngine final : public Engine {
 public:
  explicit CpuEngine(std::unique_ptr<const model::Plan> plan) : plan_(std::move(plan)) {}

  model::RunResult run(const model::RunRequest& request, const StagedPictures&,
                       const std::function<void()>& between) const override {
    return plan_->run(request, between);
  }
  bool gathers() const override { return plan_->takes_images_apart(); }
  int64_t bytes() const override { return plan_->bytes(); }

 private:
  std::unique_ptr<const model::Plan> plan_;
};

}  // namespace bigtransfer::runtime

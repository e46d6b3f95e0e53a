// Calls on the CPU.
#pragma once

#include <memory>
#include <utility>

#include "model/plan.h"
#include "runtime/engine.h"

namespace bigtransfer::runtime {

/// A plan's engine; pictures are for GPUs, and it has none.
class CpuEngine final : public Engine {
 public:
  explicit CpuEngine(std::unique_ptr<const model::Plan> plan) : plan_(std::move(plan)) {}

  model::RunResult run(const CallImages& images, const model::Wanted& wanted,
                       const model::RunControl& control) const override {
    return plan_->run(images.pixel_values, wanted, control);
  }
  bool gathers() const override { return plan_->takes_images_apart(); }
  int64_t bytes() const override { return plan_->bytes(); }

 private:
  std::unique_ptr<const model::Plan> plan_;
};

}  // namespace bigtransfer::runtime

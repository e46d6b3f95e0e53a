// What a model's calls run on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/plan.h"
#include "runtime/staged_picture.h"

namespace bigtransfer::runtime {

class Engine {
 public:
  virtual ~Engine() = default;

  /// As model::Plan::run(), of `pictures` where there are any and of the request's pixel values
  /// otherwise.
  virtual model::RunResult run(const model::RunRequest& request, const StagedPictures& pictures,
                               const std::function<void()>& between) const = 0;

  /// Whether calls may run as one batch: what an image becomes is the same to the last bit whatever
  /// others there are, or, on GPUs, to the precision of their libraries.
  virtual bool gathers() const = 0;

  /// Memory that it holds: weights and buffers.
  virtual int64_t bytes() const = 0;

  /// What has failed since it was asked last, for people.
  virtual std::vector<std::string> take_warnings() const { return {}; }
};

}  // namespace bigtransfer::runtime

// What a model's calls run on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/run.h"
#include "pictures/staged_picture.h"

namespace bigtransfer::runtime {

/// What goes through the network: pixel values or, on GPUs, pictures.
struct CallImages {
  model::RunInput pixel_values;
  /// Instead of pixel values; empty for none.
  pictures::StagedPictures pictures;

  int64_t count() const {
    return pictures.empty() ? pixel_values.images() : static_cast<int64_t>(pictures.size());
  }
};

class Engine {
 public:
  virtual ~Engine() = default;

  /// As model::Plan::run().
  virtual model::RunResult run(const CallImages& images, const model::Wanted& wanted,
                               const model::RunControl& control) const = 0;

  /// Whether calls may run as one batch: what an image becomes is the same to the last bit whatever
  /// others there are, or, on GPUs, to the precision of their libraries.
  virtual bool gathers() const = 0;

  /// How many images of calls that are gathered best run together, where so many wait; at least 1.
  virtual int64_t best_batch(int64_t waiting) const { return waiting; }

  /// Memory that it holds: weights and buffers.
  virtual int64_t bytes() const = 0;

  /// What has failed since it was asked last, for people.
  virtual std::vector<std::string> take_warnings() const { return {}; }
};

}  // namespace bigtransfer::runtime

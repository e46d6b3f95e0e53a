// Where the time of a run goes, layer by layer.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace bigtransfer::model {

/// Names of what has no parameters of its own.
inline const std::string kStemPool = "stem pool";
inline const std::string kHead = "pool, head";
/// All of it, on a GPU, where layers are not timed.
inline const std::string kNetwork = "network";

/// All runs of one layer.
struct LayerTime {
  std::string name;
  double milliseconds;
  /// Of convolutions; 0 for the others.
  int64_t multiply_adds;
};

/// For one thread: images go one after the other while it runs.
class LayerClock {
 public:
  void add(const std::string& name, double milliseconds, int64_t multiply_adds) {
    for (LayerTime& layer : layers_) {
      if (layer.name != name) continue;
      layer.milliseconds += milliseconds;
      layer.multiply_adds += multiply_adds;
      return;
    }
    layers_.push_back({name, milliseconds, multiply_adds});
  }

  /// In the order in which they ran first.
  const std::vector<LayerTime>& layers() const { return layers_; }

 private:
  std::vector<LayerTime> layers_;
};

/// Times its own life, if there is a clock.
class LayerTimer {
 public:
  LayerTimer(LayerClock* clock, std::string name, int64_t multiply_adds)
      : clock_(clock), name_(clock ? std::move(name) : ""), multiply_adds_(multiply_adds) {}
  ~LayerTimer() {
    const std::chrono::duration<double, std::milli> elapsed = Clock::now() - start_;
    if (clock_) clock_->add(name_, elapsed.count(), multiply_adds_);
  }
  LayerTimer(const LayerTimer&) = delete;
  LayerTimer& operator=(const LayerTimer&) = delete;

 private:
  using Clock = std::chrono::steady_clock;

  LayerClock* clock_;
  std::string name_;
  int64_t multiply_adds_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace bigtransfer::model
